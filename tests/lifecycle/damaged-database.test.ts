import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually, inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import { clientOf, runStore, startStore, temporaryFolder } from '../framework/store-process.ts';

const folder = await temporaryFolder();
const pageBytes = 4096;

/** A closed store with a hundred entries of a page each; gives the path of its database. */
async function filledStore(dataDir: string): Promise<string> {
  const store = await startStore(dataDir);
  const client = clientOf(store);
  const numbers = Array.from({ length: 100 }, (_, number) => number);
  await inParallel(numbers, 16, (number) => client.write(keyOf(number), textOf(number)));
  equal((await store.terminated()).code, 0);
  return join(dataDir, 'stratakv.db');
}

const keyOf = (number: number) => `damage/${String(number).padStart(3, '0')}`;
const textOf = (number: number) => `value ${number} `.padEnd(6000, 'x');

describe('a database that is damaged at the start', () => {
  const damages: Record<string, (path: string) => Promise<void>> = {
    'garbage in place of its header': async (path) => {
      const file = await open(path, 'r+');
      await file.write(Buffer.from('this is no database at all, but somebody wrote it here'), 0, 54, 0);
      await file.close();
    },
    'cut off in the middle': async (path) => truncate(path, 20 * pageBytes),
    'cut off within a page': async (path) => truncate(path, 20 * pageBytes + 100),
    emptied: async (path) => truncate(path, 0),
    'another kind of file': async (path) => writeFile(path, 'key=value\n'.repeat(10_000)),
  };

  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}: one clear message, and the file stays as it is`, async () => {
      const dataDir = join(folder, name.replaceAll(' ', '-'));
      const path = await filledStore(dataDir);
      await damage(path);
      const before = await readFile(path);
      const { exit, errors } = await runStore({ KV_DATA_DIR: dataDir });
      deepEqual(exit, { code: 1, signal: null }, errors);
      equal(errors.trim().split('\n').length, 1, errors);
      match(errors, /The database .*stratakv\.db is (damaged|missing or empty).*Restore it from a backup/);
      ok(before.equals(await readFile(path)), 'the file was changed');
    });
  }

  test('gone: a folder that held a store does not silently start anew', async () => {
    const dataDir = join(folder, 'gone');
    await rm(await filledStore(dataDir));
    const { exit, errors } = await runStore({ KV_DATA_DIR: dataDir });
    equal(exit.code, 1, errors);
    match(errors, /missing or empty, although the folder holds a store.*Restore it from a backup/);
  });
});

test('a page damaged in the middle, found while running: 503, not ready, no crash, the rest is still read', async () => {
  const dataDir = join(folder, 'page');
  const path = await filledStore(dataDir);
  await damageLeafOf(path, textOf(50));
  const store = await startStore(dataDir);
  const client = clientOf(store);
  equal((await client.request('GET', '/readyz')).status, 200);
  assertProblem(await client.get(keyOf(50)), 'unavailable', 503);
  const report = await eventually(async () => {
    const answer = await client.request('GET', '/readyz');
    equal(answer.status, 503);
    return answer.text;
  });
  match(report, /damaged/);
  assertProblem(await client.put('new', 'value'), 'unavailable', 503);
  assertProblem(await client.delete('new'), 'unavailable', 503);
  const answers = await inParallel([0, 1, 2, 97, 98, 99], 6, (number) => client.get(keyOf(number)));
  for (const [index, number] of [0, 1, 2, 97, 98, 99].entries()) equal(answers[index]?.text, textOf(number));
  equal((await client.request('GET', '/healthz')).status, 200);
  const complaints = store.log.filter((line) => /No more writes are taken.*damaged/.test(line));
  equal(complaints.length, 1, 'said once');
  equal((await store.terminated()).code, 0, store.output);
});

/** Overwrites the page an entry is in. Its value alone may also stand in a page the queue has left. */
async function damageLeafOf(path: string, value: string): Promise<void> {
  const bytes = await readFile(path);
  const row = `application/octet-stream${value.slice(0, 100)}`;
  let at = bytes.indexOf(row);
  ok(at > 0, 'the entry is in the file');
  for (; at >= 0; at = bytes.indexOf(row)) {
    const page = Math.floor(at / pageBytes);
    bytes.fill(0xa5, page * pageBytes, (page + 1) * pageBytes);
  }
  await writeFile(path, bytes);
}
