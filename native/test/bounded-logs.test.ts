import { equal, match, ok } from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cutLogs } from '../src/bounded-logs.ts';
import { ManagedProcess } from '../src/managed-process.ts';

const folder = await mkdtemp(join(tmpdir(), 'stratakv-logs-'));
const logFile = join(folder, 'writer.log');
const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
const writer = new ManagedProcess(
  { name: 'writer', command: '/bin/sh', args: ['-c', 'yes 0123456789'], isReady: async () => sizeOf(logFile) > 0 },
  { logFile },
);
after(async () => {
  await writer.kill();
  await rm(folder, { recursive: true, force: true });
});

async function untilLonger(bytes: number): Promise<void> {
  for (const deadline = Date.now() + 20_000; sizeOf(logFile) <= bytes; await sleep(5)) {
    ok(Date.now() < deadline, `${logFile} has only ${sizeOf(logFile)} bytes`);
  }
}

test('the log of a process that writes without end is cut while it runs, and its end is kept beside it', async () => {
  const mebibyte = 1024 * 1024;
  await writer.start();
  for (let round = 0; round < 3; round += 1) {
    await untilLonger(mebibyte);
    const before = sizeOf(logFile);
    writer.freeze();
    cutLogs(folder, mebibyte);
    equal(sizeOf(logFile), 0);
    ok(sizeOf(`${logFile}.1`) >= Math.min(before, mebibyte));
    ok(sizeOf(`${logFile}.1`) <= 16 * mebibyte);
    equal(statSync(`${logFile}.1`).mode & 0o777, 0o600);
    writer.thaw();
  }
  await untilLonger(0);
  writer.freeze();
  // It goes on at the beginning: there is no hole of zeros before.
  ok(!readFileSync(logFile).includes(0));
  match(writer.logTail(), /^(?:\d*\n?)+$/);
  writer.thaw();
});

test('a short one is left alone, and so is a folder that is not there', async () => {
  await writer.kill();
  const before = sizeOf(logFile);
  cutLogs(folder, before);
  equal(sizeOf(logFile), before);
  cutLogs(join(folder, 'absent'), 0);
});
