import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { constants, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { cutLogs } from '../../native/src/bounded-logs.ts';
import { descendantsOf } from '../../native/src/process-tree.ts';
import { eventually } from '../framework/eventually.ts';
import { NativeStack } from '../framework/native-stack.ts';

const stack = await NativeStack.start();
const client = stack.client();

test('every layer runs as a process of its own, and is told while it starts', () => {
  const kinds = new Set(stack.processes.map(({ kind }) => kind));
  deepEqual([...kinds].sort(), [
    'consumer',
    'envoy',
    'epmd',
    'gateway',
    'lock',
    'nginx',
    'postgres',
    'rabbitmq',
    'redis',
    'sentinel',
    'storage-node',
  ]);
  for (const { name, port } of stack.processes) {
    ok(new RegExp(`^ +${name} +ready after .* port ${port}$`, 'm').test(stack.output), `${name} in:\n${stack.output}`);
  }
});

async function assertTraced(): Promise<void> {
  const traceId = randomBytes(16).toString('hex');
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
  const written = await client.put(client.key(traceId), 'value', { wait: 10, headers });
  equal(written.status, 201, written.describe());
  await eventually(async () => {
    const logs = stack.processes.filter(({ logFile }) => readFileSync(logFile, 'utf8').includes(traceId));
    deepEqual(logs.map(({ kind }) => kind).sort(), ['consumer', 'envoy', 'gateway', 'nginx']);
  });
}

test('the trace of a write is in the log of every hop it took, the queue included', assertTraced);

/** The flags, as Linux has them, with which a process and its children have a file open. */
function openFlags(pid: number, file: string): number[] {
  return [pid, ...descendantsOf(pid)].flatMap((each) => {
    const open = readdirSync(`/proc/${each}/fd`).filter((fd) => {
      // One may be closed meanwhile.
      try {
        return readlinkSync(`/proc/${each}/fd/${fd}`) === file;
      } catch {
        return false;
      }
    });
    const texts = open.map((fd) => readFileSync(`/proc/${each}/fdinfo/${fd}`, 'utf8'));
    return texts.map((text) => Number.parseInt(/^flags:\s+(\d+)$/m.exec(text)?.[1] ?? '', 8));
  });
}

test('every process appends to its log, so that it can be cut meanwhile', async () => {
  for (const { name, pid = 0, logFile } of stack.processes) {
    const flags = openFlags(pid, logFile);
    ok(flags.length > 0, name);
    for (const each of flags) equal(each & constants.O_APPEND, constants.O_APPEND, name);
  }
  cutLogs(join(stack.dataDir, 'logs'), 0);
  await assertTraced();
  for (const { name, logFile } of stack.processes) ok(!readFileSync(logFile).includes(0), name);
});

test('secrets are in files of their owner alone, and in no command line', () => {
  const folder = join(stack.dataDir, 'secrets');
  const files = readdirSync(folder);
  ok(files.length > 5, files.join());
  const secrets = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  for (const file of files) equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  for (const { name, pid = 0 } of stack.processes) {
    for (const each of [pid, ...descendantsOf(pid)]) {
      const commandLine = readFileSync(`/proc/${each}/cmdline`, 'utf8');
      for (const secret of secrets) ok(!commandLine.includes(secret), `${name}: ${commandLine}`);
    }
  }
});

describe('a process that is killed is started again, loudly, and the store serves', () => {
  for (const { name, kind } of stack.processes) {
    test(`${name} (${kind})`, async () => {
      const before = stack.process(name);
      stack.kill(name);
      const now = await stack.isBack(before);
      ok(now.pid !== before.pid);
      equal(now.port, before.port);
      await eventually(async () => {
        const put = await client.put(client.key(name), 'value', { wait: 5 });
        ok(put.status === 201 || put.status === 204, put.describe());
        const get = await client.getLatest(client.key(name));
        equal(get.text, 'value', get.describe());
      }, 30_000);
      await stack.says(new RegExp(`^\\S+Z ${name} DIED \\(SIGKILL\\)`, 'm'));
      await stack.says(new RegExp(`^\\S+Z ${name} is ready again`, 'm'));
    });
  }
});
