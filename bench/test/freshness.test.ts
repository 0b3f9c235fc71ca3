import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { entryKey, entryValue } from '../src/dataset.ts';
import { sequenceOf, stampedValue } from '../src/fresh-workload.ts';
import { FreshnessWatch } from '../src/freshness.ts';

const entry = 7;

/** Judges a read of the entry that is sent at a time and shows a sequence. */
function read(watch: FreshnessWatch, sequence: number, sentAtMs: number): void {
  const expected = watch.expect(entry);
  if (expected !== undefined) watch.judge(expected, sequence, sentAtMs);
}

describe('how old an answer is', () => {
  test('what was never known to be applied is not checked', () => {
    const watch = new FreshnessWatch();
    watch.end(watch.begin(entry), false, 10);
    read(watch, 0, 20);
    deepEqual(watch.figures, { checked: 0, behind: 0, oldestMs: 0 });
  });

  test('a value from before the last write known to be applied is behind, and by how long', () => {
    const watch = new FreshnessWatch();
    watch.end(watch.begin(entry), true, 10);
    watch.end(watch.begin(entry), true, 100);
    read(watch, 2, 150);
    read(watch, 1, 160);
    read(watch, 0, 130);
    deepEqual(watch.figures, { checked: 3, behind: 2, oldestMs: 60 });
  });

  test('a value newer than what is known is not behind', () => {
    const watch = new FreshnessWatch();
    watch.end(watch.begin(entry), true, 10);
    watch.begin(entry);
    read(watch, 2, 20);
    equal(watch.figures.behind, 0);
  });

  test('of writes under way together any may be the last', () => {
    const watch = new FreshnessWatch();
    const [first, second] = [watch.begin(entry), watch.begin(entry)];
    watch.end(second, true, 10);
    watch.end(first, true, 11);
    read(watch, 1, 20);
    equal(watch.figures.behind, 0);
    read(watch, 0, 20);
    equal(watch.figures.behind, 1);
  });

  test('a write that is answered late does not take the place of a later one', () => {
    const watch = new FreshnessWatch();
    const first = watch.begin(entry);
    watch.end(first, false, 5);
    const second = watch.begin(entry);
    watch.end(second, true, 10);
    equal(watch.expect(entry)?.write.sequence, 2);
    read(watch, 1, 12);
    equal(watch.figures.behind, 1);
  });

  test('entries are told apart', () => {
    const watch = new FreshnessWatch();
    watch.end(watch.begin(entry + 1), true, 1);
    equal(watch.expect(entry), undefined);
  });
});

describe('the stamp of a value', () => {
  test('tells the write it is from', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e7 }),
        fc.integer({ min: 1, max: 9999 }),
        fc.integer({ min: 1, max: 1e9 }),
        (index, epoch, sequence) => {
          const value = stampedValue(index, epoch, sequence, 128);
          equal(value.length, 128);
          equal(sequenceOf(value, index, epoch), sequence);
          equal(sequenceOf(value, index, epoch + 1), 0, 'another epoch is from before');
          equal(sequenceOf(value, index + 1, epoch), undefined, 'another entry');
        },
      ),
    );
  });

  test('is not in what was loaded', () => {
    equal(sequenceOf(entryValue(entry, 128), entry, 1), 0);
    equal(sequenceOf(`${entryKey(entry)}=garbage`, entry, 1), 0);
  });
});
