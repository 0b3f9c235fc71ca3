import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryPeak } from '../src/memory-peak.ts';
import { OtherWork } from '../src/other-work.ts';
import { familiesOf } from '../src/process-families.ts';

test('a family is a process and all that descend from it', async () => {
  const child = spawn('sh', ['-c', 'sleep 30 & echo started; wait'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  try {
    await once(child.stdout, 'data');
    const pid = child.pid ?? 0;
    const families = familiesOf([process.pid, pid]);
    equal(families.get(pid)?.[0], pid);
    equal(families.get(pid)?.length, 2);
    const own = families.get(process.pid) ?? [];
    deepEqual(
      families.get(pid)?.filter((each) => !own.includes(each)),
      [],
    );
  } finally {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
  }
});

test('the family of a process that is gone is itself alone', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  deepEqual([...familiesOf([child.pid ?? 0]).values()], [[child.pid]]);
});

test('the highest memory is kept', async () => {
  const watch = new MemoryPeak([{ kind: 'own', pid: process.pid }]);
  let large: Buffer | undefined = Buffer.alloc(64 * 1024 * 1024, 1);
  await sleep(400);
  equal(large.length, 64 * 1024 * 1024);
  large = undefined;
  const peak = watch.end().get('own') ?? 0;
  ok(peak > 64, `${peak} MiB`);
});

test("this process's own work is not other work", async () => {
  const others = new OtherWork();
  for (const end = performance.now() + 500; performance.now() < end; );
  await sleep(10);
  const share = others.share();
  // One core was kept busy by this process. Whatever else went on, that is not in it.
  ok(share >= 0 && share <= 1 - 0.5 / (await import('node:os')).availableParallelism(), `${share}`);
});
