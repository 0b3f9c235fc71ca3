import { number } from '../report/table.ts';
import type { Spread } from '../spread.ts';
import { colour, grid, ink, line, picture, rectangle, roundEnd, text } from './svg.ts';

export interface Bar {
  readonly label: string;
  readonly value: Spread;
}

const width = 760;
const left = 250;
const right = 90;
const top = 44;
const rowHeight = 30;

/** Horizontal bars of medians, each with a line from its smallest to its largest round. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const end = roundEnd(Math.max(...bars.map(({ value }) => value.max)));
  const scale = (value: number) => (value / end) * (width - left - right);
  const rows = bars.flatMap(({ label, value }, index) => {
    const y = top + index * rowHeight;
    const middle = y + rowHeight / 2 - 3;
    return [
      text(left - 8, middle + 4, label, { anchor: 'end' }),
      rectangle(left, y, scale(value.median), rowHeight - 8, colour(0)),
      line(left + scale(value.min), middle, left + scale(value.max), middle, ink, 2),
      text(left + scale(Math.max(value.max, value.median)) + 6, middle + 4, number(value.median)),
    ];
  });
  const height = top + bars.length * rowHeight + 12;
  return picture(width, height, title, [
    text(12, 24, title, { size: 14, isBold: true }),
    ...gridLines(end, height),
    ...rows,
  ]);
}

export interface Stack {
  readonly label: string;
  readonly parts: Readonly<Record<string, number>>;
}

/** Horizontal bars that are made of parts, with a legend. @param kinds of the parts, in their order */
export function stackedBars(title: string, kinds: readonly string[], stacks: readonly Stack[]): string {
  const sum = ({ parts }: Stack) => kinds.reduce((all, kind) => all + Math.max(0, parts[kind] ?? 0), 0);
  const end = roundEnd(Math.max(...stacks.map(sum)));
  const scale = (value: number) => (value / end) * (width - left - right);
  const rows = stacks.flatMap((stack, index) => {
    const y = top + index * rowHeight;
    let x = left;
    const parts = kinds.map((kind, order) => {
      const long = scale(Math.max(0, stack.parts[kind] ?? 0));
      const part = rectangle(x, y, long, rowHeight - 8, colour(order));
      x += long;
      return part;
    });
    return [text(left - 8, y + 16, stack.label, { anchor: 'end' }), ...parts, text(x + 6, y + 16, number(sum(stack)))];
  });
  const legendTop = top + stacks.length * rowHeight + 8;
  const height = legendTop + 18 * Math.ceil(kinds.length / 4) + 10;
  const heading = text(12, 24, title, { size: 14, isBold: true });
  return picture(width, height, title, [heading, ...gridLines(end, legendTop), ...rows, ...legend(kinds, legendTop)]);
}

/** What each colour stands for, four in a row. */
export function legend(names: readonly string[], y: number): string[] {
  return names.flatMap((name, order) => {
    const [x, at] = [left + (order % 4) * 120 - 120, y + Math.floor(order / 4) * 18];
    return [rectangle(x, at, 10, 10, colour(order)), text(x + 16, at + 10, name, { size: 11 })];
  });
}

function gridLines(end: number, height: number): string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((part) => {
    const x = left + part * (width - left - right);
    return [
      line(x, top - 6, x, height - 10, grid),
      text(x, top - 9, number(part * end), { anchor: 'middle', size: 10 }),
    ];
  });
}
