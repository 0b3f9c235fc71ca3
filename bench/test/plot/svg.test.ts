import { deepEqual, doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { barChart, stackedBars } from '../../src/plot/bar-chart.ts';
import { lineChart } from '../../src/plot/line-chart.ts';
import { escapeText, roundEnd } from '../../src/plot/svg.ts';

/** Names of elements that are open at the end, or that were closed without being open. */
function unbalanced(svg: string): string[] {
  const open: string[] = [];
  for (const [, close, name = '', selfClosing] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (close === '/') {
      if (open.pop() !== name) return [name];
    } else if (selfClosing !== '/') open.push(name);
  }
  return open;
}

const one = (value: number) => ({ min: value, median: value, max: value });

describe('plots', () => {
  test('every element is closed, and every text is escaped', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 8 }),
        fc.string(),
        (values, label) => {
          const bars = barChart(
            label,
            values.map((value) => ({ label, value: one(value) })),
          );
          const stacks = stackedBars(
            label,
            ['a', 'b'],
            values.map((value) => ({ label, parts: { a: value, b: 1 } })),
          );
          const lines = lineChart(label, label, [
            { name: label, points: values.map((y, index) => ({ x: 10 ** index, y })) },
          ]);
          for (const svg of [bars, stacks, lines]) {
            deepEqual(unbalanced(svg), []);
            doesNotMatch(svg, /NaN|Infinity|undefined/);
          }
        },
      ),
    );
  });

  test('the longest bar does not leave the picture', () => {
    const svg = barChart('rates', [
      { label: 'a', value: one(1) },
      { label: 'b', value: { min: 900, median: 1000, max: 1900 } },
    ]);
    const widths = [...svg.matchAll(/<rect x="250" [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    equal(widths.length, 2);
    ok(Math.max(...widths) <= 420, `${widths}`);
    match(svg, />1,000<\/text>/);
  });

  test('the parts of a bar follow one another', () => {
    const svg = stackedBars('costs', ['gateway', 'nginx'], [{ label: 'GET', parts: { gateway: 60, nginx: 40 } }]);
    const parts = [...svg.matchAll(/<rect x="([\d.]+)" y="44" width="([\d.]+)"/g)].map(([, x, width]) => [
      Number(x),
      Number(width),
    ]);
    deepEqual(parts, [
      [250, 252],
      [502, 168],
    ]);
  });

  test('an axis ends at a round number that is not below', () => {
    deepEqual([0, 1, 1.1, 3, 7, 4999, 5001].map(roundEnd), [1, 1, 2, 5, 10, 5000, 10_000]);
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), (value) => {
        const end = roundEnd(value);
        ok(end >= value && end <= 2.5 * value * (1 + 1e-9), `${value}: ${end}`);
      }),
    );
  });

  test('escaped text holds no markup', () => {
    fc.assert(fc.property(fc.string(), (text) => doesNotMatch(escapeText(text), /[<>"]/)));
  });
});
