import { UsageError } from './usage-error.ts';

/* What the commands that put a load on a store read in the same way. */

/**
 * The address of a store, without a slash at its end.
 *
 * @throws UsageError
 */
export function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError(`--url: "${text}" is not an HTTP address.`);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '')
    throw new UsageError('--url: the address of a store has no path.');
  return url.origin;
}

/** @throws UsageError when it is no whole number from `min` to `max` */
export function readCount(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`--${name}: "${text}" is not a whole number from ${min} to ${max}.`);
}

const unitSeconds = { s: 1, m: 60, h: 3600 } as const;
const maxHours = 48;

/**
 * Seconds of a time such as `90s`, `30m` or `2h`; without a unit it is seconds.
 *
 * @throws UsageError
 */
export function readSeconds(name: string, text: string, min: number): number {
  const [, digits = '', unit = 's'] = /^(\d{1,6})([smh])?$/.exec(text) ?? [];
  const seconds = digits === '' ? Number.NaN : Number(digits) * unitSeconds[unit as keyof typeof unitSeconds];
  if (seconds >= min && seconds <= maxHours * 3600) return seconds;
  throw new UsageError(`--${name}: "${text}" is not a time from ${min}s to ${maxHours}h, such as 90s or 30m.`);
}
