import { deepEqual, doesNotMatch, equal, match } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { quickLayerPlan } from '../../src/layer-plan.ts';
import { mergeResults } from '../../src/layer-results.ts';
import { pagesOf } from '../../src/report/pages.ts';
import { atLeast, atMost, isMet, type Target } from '../../src/scenario.ts';
import { resultsOf } from '../sample-results.ts';

const targetAt = (median: number, limit: Target['limit']): Target => ({
  work: 'GET hit',
  unit: 'of the constant route',
  measured: { min: median - 0.1, median, max: median + 0.1 },
  ...(limit === undefined ? {} : { limit }),
});
const reportOf = (...results: ReturnType<typeof resultsOf>[]) => pagesOf(results).get('bench/results/layers.md') ?? '';

describe('targets', () => {
  test('are met by the median', () => {
    equal(isMet(targetAt(0.9, atLeast(0.9))), true);
    equal(isMet(targetAt(0.89, atLeast(0.9))), false);
    equal(isMet(targetAt(3, atMost(3))), true);
    equal(isMet(targetAt(3.1, atMost(3))), false);
    equal(isMet(targetAt(3.1, undefined)), undefined);
  });

  test('are told with their limit, what was measured, and whether they are met', () => {
    const targets = [targetAt(0.95, atLeast(0.9)), targetAt(3.5, atMost(3)), targetAt(7, undefined)];
    const text = reportOf(resultsOf('reads', { targets }));
    match(text, /^\| GET hit \| ≥ 0\.90 \| 0\.85 \/ \*\*0\.95\*\* \/ 1\.05 \| of the constant route \| yes \|$/m);
    match(text, /^\| GET hit \| ≤ 3\.00 \|.* \| \*\*no\*\* \|$/m);
    match(text, /^\| GET hit \| reported \|.* \| {2}\|$/m);
  });

  test('of a scenario that failed are not met, and the reason is told', () => {
    const text = reportOf(resultsOf('reads', { failure: 'get: status 503 instead of 200\nat …', contests: [] }));
    match(text, /^\| Title of reads \| {2}\| failed: get: status 503 instead of 200 \| {2}\| \*\*no\*\* \|$/m);
  });
});

describe('the heading', () => {
  const heading = (...results: ReturnType<typeof resultsOf>[]) => reportOf(...results).split('\n')[0];
  const check = (passed: boolean) => ({ checks: [{ what: 'a check', isMet: passed, detail: '' }] });

  test('says nothing when all is well', () => equal(heading(resultsOf('reads', check(true))), '# Layered store'));
  test('says that a check failed', () => {
    equal(
      heading(resultsOf('reads', check(true)), resultsOf('writes', check(false))),
      '# Layered store (a check failed)',
    );
    equal(heading(resultsOf('reads', { failure: 'wrong value' })), '# Layered store (a check failed)');
  });
  test('says that the tree was dirty, the machine busy, the run a quick one', () => {
    const { environment } = resultsOf('reads');
    const dirty = { environment: { ...environment, isDirty: true } };
    equal(heading(resultsOf('reads', dirty)), '# Layered store (uncommitted changes)');
    equal(heading(resultsOf('reads', { othersShare: 0.2 })), '# Layered store (beside other work)');
    equal(heading(resultsOf('reads', { plan: quickLayerPlan })), '# Layered store (quick run)');
  });
});

describe('pages', () => {
  test('hold a plot of the rates and one of the costs of each contest, and link to them', () => {
    const pages = pagesOf([resultsOf('reads')]);
    const files = [...pages.keys()].filter((path) => path.endsWith('.svg'));
    deepEqual(files, ['bench/results/layers-reads-rates.svg', 'bench/results/layers-reads-cpu.svg']);
    match(pages.get('bench/results/layers.md') ?? '', /\]\(layers-reads-rates\.svg\)/);
    match(pages.get('docs/load-tests.md') ?? '', /\]\(\.\.\/bench\/results\/layers-reads-cpu\.svg\)/);
  });

  test('tell where the CPU goes, and what a core gives', () => {
    const page = pagesOf([resultsOf('reads')]).get('docs/load-tests.md') ?? '';
    match(
      page,
      /^\| GET hit \| 50\.0 \| gateway 60\.0 %, nginx 40\.0 % \| all 0\.06, gateway 0\.03, generator 0\.01 \|$/m,
    );
    match(page, /^\| GET hit \| 50\.0 \/ \*\*50\.0\*\* \/ 50\.0 \| 20,000 \|/m);
  });

  test('can be made of nothing', () => {
    for (const text of pagesOf([]).values()) doesNotMatch(text, /undefined|NaN/);
  });
});

describe('results', () => {
  test('take the place of earlier ones of the same scenario, in the order of the scenarios', () => {
    const [old, kept, fresh] = [
      resultsOf('reads', { seconds: 1 }),
      resultsOf('writes'),
      resultsOf('reads', { seconds: 2 }),
    ];
    const merged = mergeResults([kept, old, resultsOf('gone')], [fresh], ['reads', 'writes']);
    deepEqual(
      merged.map(({ name, seconds }) => [name, seconds]),
      [
        ['reads', 2],
        ['writes', 60],
      ],
    );
  });
});
