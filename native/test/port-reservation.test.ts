import { deepEqual, equal } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { reservePort } from '../src/port-reservation.ts';

const contenderFile = fileURLToPath(new URL('contender.ts', import.meta.url));
const started: ChildProcess[] = [];
after(() => started.map((each) => each.kill('SIGKILL')));

// Not of the range that stacks choose from, so nobody else has any of them. Nothing listens there.
const lowest = 1_000;
const count = 300;

/** Resolves to the ports a process of its own got. It holds them until it is killed. */
async function contend(): Promise<{ readonly process: ChildProcess; readonly ports: readonly number[] }> {
  const child = spawn(process.execPath, [contenderFile, `${lowest}`, `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  let output = '';
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.endsWith('\n')) break;
  }
  return { process: child, ports: JSON.parse(output) as number[] };
}

test('processes that want the same ports share them out, and a killed one leaves its share to others', async () => {
  const all = Array.from({ length: count }, (_, n) => lowest + n);
  const [first, second] = await Promise.all([contend(), contend()]);
  const got = [...first.ports, ...second.ports].sort((a, b) => a - b);
  deepEqual(got, all);

  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  deepEqual((await contend()).ports, first.ports);
  for (const port of all) equal(await reservePort(port), false);
});

test('a process gets a port once', async () => {
  const port = lowest + count;
  equal(await reservePort(port), true);
  equal(await reservePort(port), false);
});
