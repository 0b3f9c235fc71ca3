import { equal, fail, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import type { Store } from '../framework/store.ts';
import { withoutStoreSettings } from '../framework/store-environment.ts';
import { clientOf, startStore, temporaryFolder } from '../framework/store-process.ts';

/*
 * A disk that is really full: a small file system in memory. Whoever may mount one (root, also the root of a user
 * namespace) does; others run this file again inside such a namespace.
 */

const sizeBytes = 24 * 1024 * 1024;
const missing =
  'A full disk cannot be made here: it takes the right to mount a tmpfs (root with CAP_SYS_ADMIN), or user namespaces ' +
  '(util-linux "unshare -rm", kernel.unprivileged_userns_clone=1). Give the tests one of them.';

// Nothing is mounted where that was not allowed; then this says so to nobody.
const disk = await temporaryFolder((folder) => spawnSync('umount', ['--lazy', folder]));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'stratakv-test', disk]);
const dataDir = join(disk, 'data');
const ballast = join(disk, 'ballast');

if (mounted.status === 0) {
  test('a full disk: 507, reads go on, a restart too, and with room again so do writes; nothing is lost', fullDisk);
} else if (process.env.STRATAKV_TEST_NAMESPACE === undefined) {
  test('a full disk, in a user namespace', () => {
    const args = ['-rm', process.execPath, '--test', fileURLToPath(import.meta.url)];
    const env = { ...withoutStoreSettings(process.env), STRATAKV_TEST_NAMESPACE: '1' };
    const { status, error, stdout, stderr } = spawnSync('unshare', args, { env });
    if (status === 0) return;
    const isRefused = error !== undefined || /^unshare:/m.test(String(stderr));
    fail(`${isRefused ? `${missing} ${error?.message ?? stderr} ${mounted.stderr}` : stdout}`);
  });
} else fail(missing);

async function fullDisk(): Promise<void> {
  const accepted = new Map<string, string>();
  const store = await startStore(dataDir);
  const client = clientOf(store);
  await fill(client, accepted, 'first', 16_384);
  await fill(client, accepted, 'rest', 1000);
  ok(accepted.size > 100, `${accepted.size} writes were accepted before the disk was full`);
  await holds(client, accepted);
  await isReady(client, 503);
  // What is held back is for deletes, and for applying them.
  await eraseSome(client, accepted);

  fillDisk();
  assertProblem(await client.put('more', 'x'.repeat(16_384)), 'storage-full', 507);
  await holds(client, accepted);
  equal((await client.request('GET', '/kv?limit=1000')).status, 200);
  equal((await client.request('GET', '/healthz')).status, 200);
  await store.killed();

  const second = await startStore(dataDir);
  const secondClient = clientOf(second);
  await isReady(secondClient, 503);
  await holds(secondClient, accepted);
  rmSync(ballast);
  await isReady(secondClient, 200);
  await eraseSome(secondClient, accepted);
  await secondClient.write('again', 'there is room');
  accepted.set('again', 'there is room');
  await fill(secondClient, accepted, 'second', 16_384);
  equal((await second.terminated()).code, 0, second.output);

  const third = await startStore(dataDir);
  await holds(clientOf(third), accepted);
  equal((await third.terminated()).code, 0, third.output);
}

/** Puts entries until they are refused, and notes those that were accepted. */
async function fill(client: Store, accepted: Map<string, string>, name: string, bytes: number): Promise<void> {
  for (let number = 0, refused = 0; refused === 0; number += 8) {
    await inParallel([0, 1, 2, 3, 4, 5, 6, 7], 8, async (lane) => {
      const key = `${name}/${number + lane}`;
      const value = key.padEnd(bytes, '.');
      const answer = await client.put(key, value);
      if (answer.status === 202) accepted.set(key, value);
      else {
        refused += 1;
        assertProblem(answer, 'storage-full', 507);
      }
    });
    ok(number < 10_000, 'the disk is never full');
  }
}

async function holds(client: Store, accepted: ReadonlyMap<string, string>): Promise<void> {
  await inParallel([...accepted], 16, async ([key, value]) => {
    await eventually(async () => ok((await client.getLatest(key)).text === value, `${key} is there`));
  });
}

async function eraseSome(client: Store, accepted: Map<string, string>): Promise<void> {
  const keys = [...accepted.keys()].slice(0, Math.ceil(accepted.size / 4));
  await inParallel(keys, 16, async (key) => {
    await client.erase(key);
    accepted.delete(key);
  });
}

async function isReady(client: Store, status: 200 | 503): Promise<void> {
  await eventually(async () => equal((await client.request('GET', '/readyz')).status, status));
}

/** Somebody else takes the rest of the disk. */
function fillDisk(): void {
  const file = openSync(ballast, 'w');
  try {
    for (let bytes = 1024 * 1024; bytes >= 512; bytes /= 2) writeUntilFull(file, Buffer.alloc(bytes));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, block: Uint8Array): void {
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
