import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { applyPatches } from '../builds/patch.ts';
import { mutations } from '../mutations/mutations.ts';
import { Failpoints } from './failpoints.ts';
import { failpointPatches, places } from './places.ts';

const failpoints = new Failpoints();
after(() => failpoints.close());

function sourceOf(file: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../${file}`, import.meta.url)), 'utf8');
}

test('every place fits the source, and every mutation fits beside them', () => {
  const patches = failpointPatches(failpoints.folder);
  ok(patches.length > places.length);
  for (const mutation of [undefined, ...mutations]) {
    const all = [...patches, ...(mutation?.patches ?? [])];
    for (const [file, own] of Map.groupBy(all, ({ file }) => file))
      stripTypeScriptTypes(applyPatches(sourceOf(file), own));
  }
});

/** Comes to a place again and again, and tells how that went. */
function visitor(place: string) {
  const runtime = new URL(`./runtime.ts?folder=${failpoints.folder}`, import.meta.url).href;
  const visit = `const startedAt = performance.now();
    await globalThis.failpoint('${place}').then(() => console.log(performance.now() - startedAt), () => console.log('failed'));`;
  const source = `await import('${runtime}'); for (let visits = 0; visits < 200; visits += 1) { ${visit} await new Promise((resolve) => setTimeout(resolve, 10)); }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { ended: once(child, 'exit'), output: () => output, kill: () => child.kill('SIGKILL') };
}

test('a process is made to wait, fail and end where it was told to, as often as it was told to', async () => {
  const [one, other] = [visitor('somewhere'), visitor('elsewhere')];
  while (!one.output().includes('\n') || !other.output().includes('\n')) await sleep(10);
  const failing = failpoints.set('somewhere', { kind: 'fail' }, 2);
  const late = failpoints.set('elsewhere', { kind: 'delay', ms: 300 });
  while (failing.hits().length < 2 || late.hits().length < 1) await sleep(10);
  failpoints.set('somewhere', { kind: 'crash' });
  deepEqual((await one.ended)[1], 'SIGKILL');
  equal(one.output().match(/failed/g)?.length, 2);
  const slow = () =>
    other
      .output()
      .trim()
      .split('\n')
      .filter((ms) => Number(ms) >= 299).length;
  while (slow() === 0) await sleep(10);
  other.kill();
  await other.ended;
  equal(slow(), 1);
  deepEqual([...failpoints.reached].sort(), ['elsewhere', 'somewhere']);
  equal(failpoints.hits.length, 4);
});
