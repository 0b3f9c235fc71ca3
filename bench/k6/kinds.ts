/* The kinds of requests. No k6 in here: the report reads this too. */

export interface Kind {
  readonly title: string;
  /** How many of 100 steps of the virtual users are for this kind. A step may need another request before. */
  readonly share: number;
  /** Milliseconds that 95 and 99 % of the answers have to come within, at an everyday rate. */
  readonly p95: number;
  readonly p99: number;
}

export const kinds = {
  get: { title: '`GET`, cached', share: 60, p95: 100, p99: 300 },
  get_no_cache: { title: '`GET`, `no-cache`', share: 8, p95: 150, p99: 400 },
  put: { title: '`PUT`, answered 202', share: 10, p95: 150, p99: 500 },
  put_wait: { title: '`PUT` with `Prefer: wait`', share: 5, p95: 250, p99: 800 },
  put_if: { title: '`PUT` with a condition, waited', share: 4, p95: 250, p99: 800 },
  delete: { title: '`DELETE`, waited', share: 2, p95: 250, p99: 800 },
  list: { title: 'list a prefix', share: 2, p95: 200, p99: 500 },
  batch_get: { title: '`POST /kv:batchGet`', share: 4, p95: 200, p99: 500 },
  operation: { title: '`GET /operations/ID`, waited', share: 2, p95: 250, p99: 800 },
  sync_read: { title: '`GET` with `Sync-Token`', share: 3, p95: 250, p99: 800 },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof kinds;

export const kindNames = Object.keys(kinds) as readonly KindName[];

/** How often each kind comes in a hundred steps, well mixed and always in the same way. */
export function dealKinds(random: () => number): readonly KindName[] {
  const deck = kindNames.flatMap((kind) => Array.from({ length: kinds[kind].share }, () => kind));
  return deck
    .map((kind) => ({ kind, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ kind }) => kind);
}

/** The names of k6's metrics. */
export const metricNames = {
  /** A trend of milliseconds, of the answers that were as expected. */
  time: (kind: KindName) => `kv_${kind}`,
  shed: (kind: KindName) => `kv_${kind}_shed`,
  unexpected: (kind: KindName) => `kv_${kind}_unexpected`,
  requests: 'kv_requests',
  allTimes: 'kv_answers',
  allShed: 'kv_shed',
  allUnexpected: 'kv_unexpected',
  /** Waits that ended before the write was applied. */
  late: 'kv_late',
} as const;
