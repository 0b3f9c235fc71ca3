import { number } from '../report/table.ts';
import type { Point } from './recording.ts';

const width = 720;
const panelHeight = 150;
const margin = { left: 60, right: 20, top: 26, bottom: 26 };
const panelWidth = width - margin.left - margin.right;

interface Line {
  readonly name: string;
  readonly color: string;
  readonly of: (point: Point) => number | undefined;
}

interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
}

const rates: readonly Line[] = [
  { name: 'requests', color: '#1b6ca8', of: ({ rate }) => rate },
  { name: 'of these shed', color: '#c0392b', of: ({ shedRate }) => shedRate },
];
const times: readonly Line[] = [{ name: 'p95 of the answers', color: '#2e7d32', of: ({ p95 }) => p95 }];

/** Requests a second and p95 over time, as an SVG. */
export function plot(title: string, points: readonly Point[]): string {
  const panels: readonly Panel[] = [
    { title: `${title}: requests a second`, lines: rates },
    { title: 'milliseconds', lines: times },
  ];
  const each = panelHeight + margin.top + margin.bottom;
  const height = each * panels.length;
  const drawn = panels.map((panel, index) => drawPanel(panel, points, index * each + margin.top));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...drawn,
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, lines }: Panel, points: readonly Point[], top: number): string {
  const lastSecond = Math.max(1, ...points.map(({ second }) => second));
  const highest = niceAbove(Math.max(1, ...lines.flatMap(({ of }) => points.map((point) => of(point) ?? 0))));
  const x = (second: number) => round(margin.left + (second / lastSecond) * panelWidth);
  const y = (value: number) => round(top + panelHeight - (value / highest) * panelHeight);
  const levels = [0, highest / 2, highest].map(
    (level) =>
      `<path d="M${margin.left} ${y(level)}h${panelWidth}" stroke="#ddd"/><text x="${margin.left - 6}" y="${y(level) + 4}" text-anchor="end">${number(level).replace(/\.0+$/, '')}</text>`,
  );
  const moments = [0, lastSecond / 2, lastSecond].map(
    (second) =>
      `<text x="${x(second)}" y="${top + panelHeight + 16}" text-anchor="middle">${Math.round(second)} s</text>`,
  );
  const legend = lines.map(
    ({ name, color }, index) =>
      `<text x="${width - margin.right - 110 * (lines.length - 1 - index)}" y="${top - 9}" text-anchor="end" fill="${color}">${name}</text>`,
  );
  const curves = lines.map(({ color, of }) => {
    const corners = points.flatMap((point) => {
      const value = of(point);
      return value === undefined ? [] : [`${x(point.second)},${y(value)}`];
    });
    return `<polyline points="${corners.join(' ')}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
  });
  const head = `<text x="${margin.left}" y="${top - 9}">${title}</text>`;
  return [head, ...legend, ...levels, ...moments, ...curves].join('\n');
}

/** The next of 1, 2, 5, 10, 20, … */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((digit) => digit * power >= value) ?? 10) * power;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
