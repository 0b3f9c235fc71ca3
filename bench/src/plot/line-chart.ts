import { number } from '../report/table.ts';
import { legend } from './bar-chart.ts';
import { colour, grid, line, picture, polyline, rectangle, roundEnd, text } from './svg.ts';

export interface Series {
  readonly name: string;
  /** Rising in `x`. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const width = 760;
const [left, right, top, bottom] = [80, 660, 60, 300];

/** Lines over a logarithmic axis, as sizes are: equal steps are equal factors. Every `x` is above 0. */
export function lineChart(title: string, unitOfX: string, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  const [first, last] = [Math.min(...all.map(({ x }) => x)), Math.max(...all.map(({ x }) => x))];
  const end = roundEnd(Math.max(...all.map(({ y }) => y)));
  const span = Math.log(last) - Math.log(first) || 1;
  const toX = (x: number) => left + ((Math.log(x) - Math.log(first)) / span) * (right - left);
  const toY = (y: number) => bottom - (y / end) * (bottom - top);
  const levels = [0, 0.25, 0.5, 0.75, 1].flatMap((part) => [
    line(left, toY(part * end), right, toY(part * end), grid),
    text(left - 8, toY(part * end) + 4, number(part * end), { anchor: 'end', size: 10 }),
  ]);
  const ticks = [...new Set(all.map(({ x }) => x))].map((x) =>
    text(toX(x), bottom + 18, number(x), { anchor: 'middle', size: 10 }),
  );
  const lines = series.flatMap(({ points }, order) => [
    polyline(
      points.map(({ x, y }) => [toX(x), toY(y)] as const),
      colour(order),
    ),
    ...points.map(({ x, y }) => rectangle(toX(x) - 3, toY(y) - 3, 6, 6, colour(order))),
  ]);
  return picture(width, bottom + 80, title, [
    text(12, 24, title, { size: 14, isBold: true }),
    ...levels,
    ...ticks,
    text((left + right) / 2, bottom + 36, unitOfX, { anchor: 'middle', size: 11 }),
    ...lines,
    ...legend(
      series.map(({ name }) => name),
      bottom + 48,
    ),
  ]);
}
