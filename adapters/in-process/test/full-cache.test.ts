import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKey } from '@stratakv/core';
import { entryOf, ManualClock } from '@stratakv/core/testing';
import { InProcessEntryCache } from '../src/index.ts';

test('a full cache keeps what is read often through a scan of other keys', async () => {
  const clock = new ManualClock();
  const cache = new InProcessEntryCache({ clock, maxBytes: 256 * 1024 });
  const read = async (name: string): Promise<boolean> => {
    const key = parseKey(name);
    const [answer] = await cache.lookup([{ key, maxAgeMs: 60_000, wantsLease: true }]);
    if (answer?.kind === 'hit') return true;
    if (answer?.lease === undefined) return false;
    await cache.fill([{ key, lease: answer.lease, entry: entryOf(name, 1), asOf: clock.now() }]);
    return false;
  };
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 100; index += 1) await read(`hot/${index}`);
  }
  for (let index = 0; index < 20_000; index += 1) await read(`scanned/${index}`);
  let hits = 0;
  for (let index = 0; index < 100; index += 1) if (await read(`hot/${index}`)) hits += 1;
  assert.ok(hits >= 90, `${hits} of 100`);
});
