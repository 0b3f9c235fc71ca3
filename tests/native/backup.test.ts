import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import type { Receipt } from '../framework/documents.ts';
import { eventually } from '../framework/eventually.ts';
import { isAlive, openNative, readRunNote } from '../framework/native-target.ts';
import { Store, versionOf } from '../framework/store.ts';

/* Does what docs/operations.md says about backups of the native mode: a copy of the data folder, and a dump. */

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'stratakv-backup-'));
const original = join(folder, 'original');
const copy = join(folder, 'copy');
const dump = join(folder, 'stratakv.dump');

const keys = Array.from({ length: 40 }, (_, index) => `backup/${index}`);
const waiting = Array.from({ length: 20 }, (_, index) => `waiting/${index}`);
/** Versions at the time of the dump, and those that came after it. */
const dumped = new Map<string, number>();
const later = new Map<string, number>();
/** Operation of the write that the dump does not have. */
let lost = '';
let restored: Store | undefined;
after(async () => {
  await restored?.close();
  await rm(folder, { recursive: true, force: true });
});

async function openStore(dataDir: string): Promise<Store> {
  // Short, so that what was lost is settled soon.
  return new Store(await openNative({ KV_DATA_DIR: dataDir, KV_CONFIRM_TIMEOUT: '1s' }));
}

async function postgres(program: 'pg_dump' | 'pg_restore', dataDir: string, args: readonly string[]): Promise<void> {
  const server = readRunNote(dataDir).processes.find(({ kind }) => kind === 'postgres');
  const password = await readFile(join(dataDir, 'secrets', 'postgres-password'), 'utf8');
  const login = { PGHOST: '127.0.0.1', PGPORT: `${server?.port}`, PGUSER: 'stratakv', PGPASSWORD: password.trim() };
  await run(program, args, { env: { ...process.env, ...login } });
}

/** Sends a signal to the consumers alone. */
function signalConsumers(dataDir: string, signal: NodeJS.Signals): void {
  for (const { kind, pid } of readRunNote(dataDir).processes) {
    if (kind === 'consumer' && pid !== undefined) process.kill(pid, signal);
  }
}

/** Ends the whole stack in the middle of what it does. */
async function killStack(dataDir: string): Promise<void> {
  const { pid, identity, processes } = readRunNote(dataDir);
  process.kill(pid, 'SIGKILL');
  await eventually(async () => deepEqual([{ pid, identity }, ...processes].filter(isAlive), []));
}

test('a store is written to, dumped, written to again, and ended with writes in its queue', async () => {
  const store = await openStore(original);
  for (const key of keys) dumped.set(key, await store.write(key, `first ${key}`));
  await postgres('pg_dump', original, ['--format', 'custom', '--file', dump, 'stratakv']);
  for (const key of keys.slice(0, 5)) later.set(key, await store.write(key, `second ${key}`));
  const written = await store.put('lost', 'x', { wait: 10 });
  equal(written.status, 201);
  lost = written.header('sync-token') ?? '';
  signalConsumers(original, 'SIGSTOP');
  for (const key of waiting) equal((await store.put(key, `first ${key}`)).status, 202);
  await killStack(original);
  await store.close();
});

test('a copy of the folder has everything, what waited in the queue included', async () => {
  // With the owners of the files: PostgreSQL insists on its own.
  await run('cp', ['-a', original, copy]);
  await rm(original, { recursive: true });
  restored = await openStore(copy);
  const store = restored;
  for (const key of keys) equal(versionOf(await store.getLatest(key)), later.get(key) ?? dumped.get(key), key);
  await eventually(async () => {
    for (const key of waiting) equal((await store.getLatest(key)).status, 200, key);
  }, 30_000);
});

test('a dump brings back the moment it was made at, and no version is given twice', async () => {
  ok(restored);
  const store = restored;
  await postgres('pg_restore', copy, ['--clean', '--if-exists', '--single-transaction', '--dbname', 'stratakv', dump]);
  await store.restart();
  for (const key of keys) {
    const answer = await store.get(key);
    deepEqual([answer.text, versionOf(answer)], [`first ${key}`, dumped.get(key)]);
  }
  for (const key of [...waiting, 'lost']) equal((await store.get(key)).status, 404, key);
  const status = await eventually(async () => {
    const answer = await store.request('GET', `/operations/${lost}`);
    equal(answer.status, 200, answer.describe());
    const receipt = answer.json() as Receipt;
    ok(receipt.status !== 'queued');
    return receipt.status;
  }, 30_000);
  equal(status, 'failed');
  for (const [key, version] of later) ok((await store.write(key, 'third')) > version, key);
});
