import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { sampleEvery } from '../src/answer-checks.ts';
import { entryKey, entryValue } from '../src/dataset.ts';
import { createClients } from '../src/workload.ts';

const valueBytes = 40;

for (const kind of ['get', 'webdis-get'] as const) {
  test(`${kind}: one value in so many is compared with that of its entry`, () => {
    const workload = { kind, entries: 1000, distribution: 'in order', valueBytes } as const;
    const client = createClients(workload, 'host', 1)(0);
    const mistakes = (bodyOf: (index: number) => string) =>
      Array.from({ length: sampleEvery }, (_, index) =>
        client().findMistake({ status: 200, head: '', body: Buffer.from(bodyOf(index)) }),
      ).filter((mistake) => mistake !== undefined);
    deepEqual(
      mistakes((index) => entryValue(index, valueBytes)),
      [],
    );
    deepEqual(
      mistakes(() => entryValue(5000, valueBytes)),
      [`wrong value under ${entryKey(sampleEvery)}`],
    );
  });
}
