import autocannon, { type LoadRequest, type LoadResult } from 'autocannon';
import { entryKey, entryValue } from '../../bench/src/dataset.ts';

export const connections = 32;
export const valueBytes = 128;
const fillsWithinSeconds = 50;
/** Bytes of each key. */
export const keyBytes = entryKey(0).length;

/** A kind of request, and the statuses it may be answered with. */
export interface Load {
  readonly name: string;
  readonly requestOf: (index: number) => LoadRequest;
  readonly statuses: readonly number[];
}

const put = (index: number, headers: Readonly<Record<string, string>>): LoadRequest => ({
  method: 'PUT',
  path: `/kv/${entryKey(index)}`,
  headers: { 'Content-Type': 'text/plain', ...headers },
  body: entryValue(index, valueBytes),
});

export const loads = {
  get: {
    name: '`GET`, cached',
    requestOf: (index) => ({ method: 'GET', path: `/kv/${entryKey(index)}` }),
    statuses: [200],
  },
  put: { name: '`PUT`, answered 202', requestOf: (index) => put(index, {}), statuses: [202] },
  waitedPut: {
    name: '`PUT` with `Prefer: wait=5`',
    requestOf: (index) => put(index, { Prefer: 'wait=5' }),
    statuses: [201, 204],
  },
} as const satisfies Readonly<Record<string, Load>>;

export interface LoadFigures {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/**
 * Sends requests from 32 connections, each with its own share of the entries, over and over.
 *
 * @param url where the store is
 * @param seconds left out: once for each entry
 * @throws Error when an answer has another status
 */
export async function runLoad(url: string, load: Load, entries: number, seconds?: number): Promise<LoadFigures> {
  const share = entries / connections;
  let clients = 0;
  const result = await autocannon({
    url,
    connections,
    ...(seconds === undefined ? { maxConnectionRequests: share, duration: fillsWithinSeconds } : { duration: seconds }),
    setupClient: (client) => {
      const first = clients * share;
      clients += 1;
      client.setRequests(Array.from({ length: share }, (_, index) => load.requestOf(first + index)));
    },
  });
  check(load, result);
  if (seconds === undefined && result['2xx'] !== entries)
    throw new Error(`only ${result['2xx']} entries were filled in`);
  const { duration, latency } = result;
  return { requests: result['2xx'], rate: result['2xx'] / duration, p50: latency.p50, p99: latency.p99 };
}

function check(load: Load, { errors, statusCodeStats }: LoadResult): void {
  const others = Object.keys(statusCodeStats).filter((status) => !load.statuses.includes(Number(status)));
  if (others.length === 0 && errors === 0) return;
  throw new Error(`${load.name}: ${errors} errors, and answers ${JSON.stringify(statusCodeStats)}`);
}
