import assert from 'node:assert/strict';
import type { Condition } from '../condition.ts';
import { isTombstone } from '../entry.ts';
import { parseKey } from '../key.ts';
import type { StoreAbilities, StoreTest } from './entry-store-suite.ts';
import { deleteOf, keyIn, putOf } from './sample-operations.ts';
import { outcomeOf } from './sole-consumer.ts';

const absent: Condition = { kind: 'absent' };
const present: Condition = { kind: 'present' };
const at = (version: number): Condition => ({ kind: 'version', version });

/** That what fold decides reaches the database: entries, versions, conditions, outcomes. */
export function entryStoreApplyCases(storeTest: StoreTest, { canSetClock = false }: StoreAbilities): void {
  storeTest('an applied put is read as it was sent', async ({ consumer, reader }) => {
    const meta = [
      ['author', 'Zoë'],
      ['author', 'Ana'],
      ['empty', ''],
    ] as const;
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const put = putOf('cities/lisbon', bytes, { contentType: 'text/plain; charset=utf-8', meta, ttlSeconds: 60 });
    const { folded, writes, asOf } = await consumer.apply(put);
    const entry = (await reader.batchGet([put.key])).entries[0];
    assert.ok(entry);
    const { value, ...rest } = entry;
    assert.equal(Buffer.compare(value, bytes), 0);
    const outcome = outcomeOf(folded[0]);
    assert.ok(outcome.status === 'applied' && outcome.version !== undefined && outcome.expiresAt !== undefined);
    const { version, expiresAt } = outcome;
    assert.equal(outcome.isCreated, true);
    assert.deepEqual(rest, { key: put.key, contentType: put.contentType, meta, version, modifiedAt: asOf, expiresAt });
    assert.equal(expiresAt, asOf + 60_000);
    assert.ok(Number.isSafeInteger(version) && version >= asOf * 1000);
    assert.equal(writes.length, 1);
    assert.ok(writes[0] && !isTombstone(writes[0]));
    assert.equal(Buffer.compare(writes[0].value, bytes), 0);
    assert.deepEqual({ ...writes[0], value: undefined }, { ...rest, value: undefined });
  });

  storeTest('values of every size come back: none, one byte, 1 MiB', async ({ consumer, reader }) => {
    const values = [0, 1, 1024 * 1024].map((size) => new Uint8Array(size).fill(0xa5));
    const puts = values.map((value, index) => putOf(`size-${index}`, value));
    await consumer.apply(...puts);
    const { entries } = await reader.batchGet(puts.map(({ key }) => key));
    for (const [index, value] of values.entries()) {
      assert.equal(Buffer.compare(entries[index]?.value ?? Buffer.from('missing'), value), 0);
    }
  });

  storeTest('hard keys are all different keys', async ({ consumer, reader }) => {
    const texts = [
      'a',
      'A',
      'a ',
      ' a',
      'a%2Fb',
      'a/b',
      "a'b",
      'a"b',
      'a\\b',
      'a%b',
      'a_b',
      '__proto__',
      'é',
      'e\u0301',
    ];
    texts.push('\ufeffa', '😀', '\u{10ffff}', '\uffff', 'ÿ', 'x'.repeat(512), 'ü'.repeat(256), '😀'.repeat(128));
    await consumer.apply(...texts.map((text) => putOf(text, text)));
    const { entries } = await reader.batchGet(texts.map(parseKey));
    assert.deepEqual(
      entries.map((entry) => [entry?.key, entry && Buffer.from(entry.value).toString()]),
      texts.map((text) => [text, text]),
    );
  });

  storeTest('a delete leaves a tombstone; of an absent key it changes nothing', async ({ consumer, reader }) => {
    const key = parseKey('short-lived');
    const first = await consumer.version(putOf(key, 'x'));
    const { folded, writes, asOf } = await consumer.apply(deleteOf(key));
    const outcome = outcomeOf(folded[0]);
    assert.ok(outcome.status === 'applied' && outcome.version !== undefined);
    assert.ok(outcome.version > first);
    assert.deepEqual(writes, [{ key, version: outcome.version, deletedAt: asOf }]);
    assert.deepEqual((await reader.batchGet([key])).entries, [undefined]);

    for (const nothing of [deleteOf(key), deleteOf('never-there')]) {
      const result = await consumer.apply(nothing);
      const unchanged = { status: 'applied', version: undefined, isCreated: false, expiresAt: undefined };
      assert.deepEqual(outcomeOf(result.folded[0]), unchanged);
      assert.deepEqual(result.writes, []);
      assert.deepEqual((await reader.operations([nothing.id]))[0]?.outcome, unchanged);
    }
  });

  storeTest('versions grow over puts and deletes, in one batch and from batch to batch', async ({ consumer }) => {
    const key = keyIn(1);
    let last = 0;
    for (let round = 0; round < 5; round += 1) {
      const { folded } = await consumer.apply(putOf(key, '1'), putOf(key, '2'), deleteOf(key), putOf(key, '3'));
      for (const each of folded) {
        const outcome = outcomeOf(each);
        assert.ok(outcome.status === 'applied' && outcome.version !== undefined && outcome.version > last);
        last = outcome.version;
      }
    }
  });

  storeTest('a batch leaves the last state of each key', async ({ consumer, reader }) => {
    const [one, two, gone] = [parseKey('one'), parseKey('two'), parseKey('gone')];
    const { writes } = await consumer.apply(
      putOf(one, 'a'),
      putOf(gone, 'a'),
      putOf(two, 'a'),
      putOf(one, 'b'),
      deleteOf(gone),
      putOf(one, 'c', { condition: absent }),
    );
    const { entries } = await reader.batchGet([one, two, gone]);
    assert.deepEqual(
      entries.map((entry) => entry && Buffer.from(entry.value).toString()),
      ['b', 'a', undefined],
    );
    const written = new Map(writes.map((stored) => [stored.key, stored]));
    assert.equal(written.size, writes.length);
    assert.deepEqual([...written.keys()].sort(), [gone, one, two]);
    assert.equal(written.get(one)?.version, entries[0]?.version);
    assert.ok(isTombstone(written.get(gone) ?? { key: one, version: 0, deletedAt: 0 }));
  });

  storeTest('conditions are judged when applied, on what stands then', async ({ consumer, reader }) => {
    const key = parseKey('conditional');
    const judge = async (operation: ReturnType<typeof putOf> | ReturnType<typeof deleteOf>) =>
      outcomeOf(await consumer.applyOne(operation));
    const rejected = (currentVersion: number | undefined) => ({
      status: 'rejected',
      code: 'version-mismatch',
      currentVersion,
    });

    assert.deepEqual(await judge(putOf(key, 'x', { condition: present })), rejected(undefined));
    assert.deepEqual(await judge(deleteOf(key, { condition: at(1) })), rejected(undefined));
    const first = await consumer.version(putOf(key, '1', { condition: absent }));
    assert.deepEqual(await judge(putOf(key, 'x', { condition: absent })), rejected(first));
    assert.deepEqual(await judge(putOf(key, 'x', { condition: at(first + 1) })), rejected(first));
    const second = await consumer.version(putOf(key, '2', { condition: at(first) }));
    assert.deepEqual(await judge(deleteOf(key, { condition: at(first) })), rejected(second));
    assert.equal((await reader.batchGet([key])).entries[0]?.version, second);
    await consumer.version(deleteOf(key, { condition: present }));
    assert.deepEqual(await judge(deleteOf(key, { condition: present })), rejected(undefined));
    await consumer.version(putOf(key, '3', { condition: absent }));
  });

  storeTest('conditions see what came before them in the batch', async ({ consumer, reader }) => {
    const key = parseKey('raced');
    const racers = Array.from({ length: 5 }, (_, index) => putOf(key, String(index), { condition: absent }));
    const { folded } = await consumer.apply(...racers);
    assert.deepEqual(
      folded.map((each) => outcomeOf(each).status),
      ['applied', 'rejected', 'rejected', 'rejected', 'rejected'],
    );
    assert.equal(Buffer.from((await reader.batchGet([key])).entries[0]?.value ?? []).toString(), '0');
    const records = await reader.operations(racers.map(({ id }) => id));
    assert.deepEqual(
      records.map((record) => record?.outcome),
      folded.map(outcomeOf),
    );
  });

  storeTest('1,000 operations over all partitions are one batch', async ({ consumer, reader }) => {
    const puts = Array.from({ length: 1000 }, (_, index) => putOf(`many/${index % 700}`, String(index)));
    const { folded, writes } = await consumer.apply(...puts);
    assert.equal(folded.filter(({ kind }) => kind === 'settled').length, 1000);
    assert.equal(writes.length, 700);
    const { entries } = await reader.batchGet(puts.map(({ key }) => key));
    for (const [index, entry] of entries.entries()) {
      const last = index % 700 < 300 ? (index % 700) + 700 : index;
      assert.equal(Buffer.from(entry?.value ?? []).toString(), String(last));
    }
  });

  storeTest('what was applied is there after a crash', async ({ consumer, reader, reopen }) => {
    const [kept, gone] = [putOf('kept', 'x', { meta: [['a', 'b']] }), putOf('gone', 'x')];
    await consumer.apply(kept, gone);
    const removal = deleteOf('gone');
    await consumer.apply(removal);
    const ids = [kept.id, gone.id, removal.id];
    const before = [await reader.batchGet([kept.key, gone.key]), await reader.operations(ids)];
    const reopened = await reopen();
    assert.deepEqual(
      [await reopened.reader.batchGet([kept.key, gone.key]), await reopened.reader.operations(ids)],
      before,
    );
    assert.ok((await reopened.reader.operations(ids)).every((record) => record?.outcome.status === 'applied'));
  });

  if (!canSetClock) return;
  storeTest('versions grow when the database clock jumps back', async ({ consumer, advance }) => {
    assert.ok(advance, 'the harness can set the clock');
    const key = keyIn(1);
    const versions = [await consumer.version(putOf(key, '1'))];
    await advance(-3_600_000);
    versions.push(await consumer.version(putOf(key, '2')), await consumer.version(deleteOf(key)));
    versions.push(await consumer.version(putOf(key, '3')));
    assert.deepEqual(
      versions,
      [...new Set(versions)].sort((a, b) => a - b),
    );
  });
}
