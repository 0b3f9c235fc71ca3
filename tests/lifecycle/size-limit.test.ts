import { equal, match, ok } from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { eventually, inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import type { Store } from '../framework/store.ts';
import { clientOf, startStore, temporaryFolder } from '../framework/store-process.ts';

const folder = await temporaryFolder();
const kibibyte = 1024;

/** Puts entries, several at a time, until one is refused for want of room; gives the keys of those accepted. */
async function fill(client: Store, name: string, bytes: number): Promise<string[]> {
  // Those under way need their room twice, so of large ones only a few go at a time.
  const width = bytes > 100 * kibibyte ? 2 : 32;
  const accepted: string[] = [];
  let isFull = false;
  for (let number = 0; !isFull; number += width) {
    const keys = Array.from({ length: width }, (_, index) => `${name}/${number + index}`);
    await inParallel(keys, width, async (key) => {
      const answer = await client.put(key, key.padEnd(bytes, '.'));
      if (answer.status === 202) {
        accepted.push(key);
        return;
      }
      isFull = true;
      assertProblem(answer, 'storage-full', 507);
      match(answer.header('retry-after') ?? '', /^\d+$/);
    });
    ok(number < 50_000, 'the bound is never reached');
  }
  return accepted;
}

async function checkAll(client: Store, keys: readonly string[], bytes: number): Promise<void> {
  await inParallel(keys, 16, async (key) => {
    await eventually(async () => equal((await client.getLatest(key)).text, key.padEnd(bytes, '.')));
  });
}

describe('KV_MAX_DATA_BYTES', () => {
  for (const bytes of [1000, 20 * kibibyte, 1024 * kibibyte]) {
    test(`values of ${bytes} bytes: 507 at the bound, all accepted is kept, deletes give room again`, async () => {
      const dataDir = join(folder, `values-${bytes}`);
      const settings = { KV_MAX_DATA_BYTES: bytes > 100_000 ? '16MiB' : '4MiB' };
      const store = await startStore(dataDir, settings);
      const client = clientOf(store);
      const keys = await fill(client, 'fill', bytes);
      ok(keys.length > 5, `${keys.length} were accepted`);
      await checkAll(client, keys, bytes);
      // Down to where not even a small put fits: only then the store as a whole counts as full. What was accepted gives
      // the room it had in the queue back when it is applied, so once is not enough.
      let rounds = 0;
      const notReady = await eventually(async () => {
        rounds += 1;
        await fill(client, `rest/${rounds}`, 1000);
        const answer = await client.request('GET', '/readyz');
        equal(answer.status, 503);
        return answer;
      });
      match(notReady.text, /no room left/);
      equal((await client.request('GET', '/kv?limit=5')).status, 200);

      const half = keys.slice(0, Math.ceil(keys.length / 2));
      await inParallel(half, 16, (key) => client.erase(key));
      await eventually(async () => equal((await client.request('GET', '/readyz')).status, 200));
      await client.write('again', 'x'.repeat(bytes));

      await store.killed();
      const second = await startStore(dataDir, settings);
      const after = clientOf(second);
      await checkAll(after, keys.slice(half.length), bytes);
      for (const key of half) equal((await after.getLatest(key)).status, 404);
      await second.killed();
    });
  }

  test('deletes of keys that are not there do not take the last room from what was accepted', async () => {
    const store = await startStore(join(folder, 'deletes'), { KV_MAX_DATA_BYTES: '4MiB' });
    const client = clientOf(store);
    const keys = await fill(client, 'fill', 20 * kibibyte);
    let isRefused = false;
    for (let round = 0; !isRefused && round < 100; round += 1) {
      const absent = Array.from({ length: 64 }, (_, index) => `absent/${round}/${index}`.padEnd(400, 'x'));
      await inParallel(absent, 64, async (key) => {
        isRefused ||= (await client.delete(key)).status === 507;
      });
    }
    ok(isRefused, 'the operations log has a bound too');
    await checkAll(client, keys, 20 * kibibyte);
    const receipts = await Promise.all(keys.map((key) => client.delete(key)));
    const taken = receipts.filter(({ status }) => status === 202);
    for (const receipt of taken) equal((await client.settled(receipt)).status, 'applied');
    await store.killed();
  });
});
