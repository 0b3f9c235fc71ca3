import type { Latency } from '../load-types.ts';
import type { Spread } from '../spread.ts';

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** A number with as many digits as can mean something. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

export function spread({ min, median, max }: Spread): string {
  return `${number(min)} / **${number(median)}** / ${number(max)}`;
}

export function latency({ p50, p99 }: Latency): string {
  return `${number(p50)} / ${number(p99)}`;
}
