import { deepEqual, equal, match } from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { familyOf, isThere } from '../../native/src/process-tree.ts';

const mainFile = fileURLToPath(new URL('../src/main.ts', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function bench(...words: string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(process.execPath, [mainFile, ...words], (error, stdout, stderr) => {
    resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
  });
  return promise;
}

const leftFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('stratakv-bench-'));

test('a scenario runs on a real store, prints its figures, and leaves nothing', async () => {
  const before = new Set(leftFolders());
  const { code, stdout, stderr } = await bench('mixed', '--quick');
  equal(code, 0, stderr + stdout);
  match(stdout, /^# Layered store \(.*quick run\)$/m);
  match(stdout, /^\| mixed 95\/5, zipf over 20,000 keys, through the whole path \| ≥ 0\.80 \|/m);
  match(stdout, /^\| no answer was older than the last write of its entry that was known to be applied \| yes \|/m);
  deepEqual(
    leftFolders().filter((name) => !before.has(name)),
    [],
  );
});

test('Ctrl-C ends everything it started', async () => {
  const before = new Set(leftFolders());
  const child = spawn(process.execPath, [mainFile, 'mixed', '--quick'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  // Long enough for some of the store's servers to run, and for others to be starting.
  let family = familyOf(child.pid ?? 0);
  for (; family.length < 8; family = familyOf(child.pid ?? 0)) await sleep(20);
  child.kill('SIGINT');
  await ended;
  for (const deadline = Date.now() + 10_000; family.some(isThere) && Date.now() < deadline; ) await sleep(50);
  deepEqual(family.filter(isThere), []);
  deepEqual(
    leftFolders().filter((name) => !before.has(name)),
    [],
  );
});

test('words that mean nothing get the usage', async () => {
  const { code, stderr } = await bench('raeds');
  equal(code, 2);
  match(stderr, /^Usage: npm run bench/);
});
