import { StrataError } from './errors.ts';

/** How fresh an answer must be, as a request says it in `Cache-Control` (RFC 9111 §5.2.1, RFC 5861 §4). */
export interface ReadLevel {
  /** `no-cache`: read the database; the answer shows every write applied before. */
  readonly noCache: boolean;
  /** `max-age`: take a cached entry at most this old, in seconds. */
  readonly maxAgeSeconds: number | undefined;
  /** `only-if-cached`: do not go to the database. */
  readonly onlyIfCached: boolean;
  /** `stale-if-error`: with the database down, take an entry this many seconds beyond its freshness. */
  readonly staleIfErrorSeconds: number | undefined;
}

/** The default read level: as fresh as the last applied write, after a cache fault never older than the cache TTL. */
export const cachedLevel: ReadLevel = {
  noCache: false,
  maxAgeSeconds: undefined,
  onlyIfCached: false,
  staleIfErrorSeconds: undefined,
};

/** Reads the database and nothing else. */
export const databaseLevel: ReadLevel = { ...cachedLevel, noCache: true };

/** What a greater number of seconds is taken for, as RFC 9111 §1.2.2 says. */
const greatestSeconds = 2 ** 31;

/** Members of a list: a comma inside a quoted string does not part them (RFC 9110 §5.6.1). */
const listMember = /(?:[^,"]|"[^"]*(?:"|$))+/g;
const directive = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)(?:=(?:"([^"]*)"|([^\s",]+)))?$/;

/**
 * Reads `Cache-Control`. Directives that are not ours are ignored, as RFC 9111 §5.2.3 asks.
 *
 * @throws StrataError `invalid-header` when a directive of ours has no whole number of seconds where it needs one
 */
export function parseReadLevel(header: string | undefined): ReadLevel {
  if (header === undefined) return cachedLevel;
  if (header === 'no-cache') return databaseLevel;
  const level: { -readonly [Member in keyof ReadLevel]: ReadLevel[Member] } = { ...cachedLevel };
  for (const part of header.match(listMember) ?? []) {
    const match = directive.exec(part.trim());
    if (match === null) continue;
    const argument = match[2] ?? match[3];
    switch ((match[1] as string).toLowerCase()) {
      case 'no-cache':
        level.noCache = true;
        break;
      case 'only-if-cached':
        level.onlyIfCached = true;
        break;
      case 'max-age':
        level.maxAgeSeconds = seconds('max-age', argument);
        break;
      case 'stale-if-error':
        level.staleIfErrorSeconds = seconds('stale-if-error', argument);
        break;
    }
  }
  // Nothing cached is zero seconds old: both words ask for the database.
  if (level.maxAgeSeconds === 0) level.noCache = true;
  return level;
}

function seconds(name: string, argument: string | undefined): number {
  if (argument === undefined || !/^[0-9]+$/.test(argument)) {
    throw new StrataError('invalid-header', `Cache-Control: ${name} takes a whole number of seconds.`);
  }
  return Math.min(Number(argument), greatestSeconds);
}
