import { deepEqual, equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { pagesOf } from '../../src/report/pages.ts';
import { plotFiles, readLayerResults } from '../../src/results.ts';

const root = new URL('../../../', import.meta.url);
const pages = pagesOf(readLayerResults());

describe('what is written about the load tests follows from bench/results/layers.json', () => {
  for (const [path, text] of pages)
    test(path, () => equal(readFileSync(new URL(path, root), 'utf8'), text, 'npm run bench -- report writes it anew'));
  test('there are no plots beside those', () =>
    deepEqual(
      plotFiles().filter((file) => !pages.has(file)),
      [],
    ));
});
