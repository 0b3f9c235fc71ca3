import autocannon, { type LoadRequest, type LoadResult } from 'autocannon';
import { entryKey, entryValue } from '../dataset.ts';

export const connections = 32;
export const valueBytes = 128;
const fillsWithinSeconds = 50;
const shownWrongAnswers = 3;
/** Bytes of each key. */
export const keyBytes = entryKey(0).length;

/** A kind of request, and the statuses it may be answered with. */
export interface Load {
  readonly name: string;
  readonly requestOf: (index: number) => LoadRequest;
  readonly statuses: readonly number[];
  /** Whether an answer of 200 has to bring the value of the entry. */
  readonly readsValues: boolean;
}

const get = (index: number): LoadRequest => ({ method: 'GET', path: `/kv/${entryKey(index)}` });

const put = (index: number, headers: Readonly<Record<string, string>>): LoadRequest => ({
  method: 'PUT',
  path: `/kv/${entryKey(index)}`,
  headers: { 'Content-Type': 'text/plain', ...headers },
  body: entryValue(index, valueBytes),
});

/** Of 20 requests of the mixed load, how many are a PUT. */
const mixedOf = 20;

export const loads = {
  get: { name: '`GET`, cached', requestOf: get, statuses: [200], readsValues: true },
  put: {
    name: '`PUT`, answered 202',
    requestOf: (index) => put(index, {}),
    statuses: [202],
    readsValues: false,
  },
  waitedPut: {
    name: '`PUT` with `Prefer: wait=5`',
    requestOf: (index) => put(index, { Prefer: 'wait=5' }),
    statuses: [201, 204],
    readsValues: false,
  },
  mixed: {
    name: '95 % `GET`, 5 % `PUT` answered 202',
    requestOf: (index) => (index % mixedOf === 0 ? put(index, {}) : get(index)),
    statuses: [200, 202],
    readsValues: true,
  },
  delete: {
    name: '`DELETE`, answered 202',
    requestOf: (index) => ({ method: 'DELETE', path: `/kv/${entryKey(index)}` }),
    statuses: [202],
    readsValues: false,
  },
} as const satisfies Readonly<Record<string, Load>>;

export interface LoadFigures {
  readonly requests: number;
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Sends requests from 32 connections, each with its own share of the entries, over and over.
 *
 * @param url where the store is
 * @param entries a multiple of the connections
 * @param seconds left out: once for each entry
 * @throws Error when an answer has another status, or another value
 */
export async function runLoad(url: string, load: Load, entries: number, seconds?: number): Promise<LoadFigures> {
  const share = entries / connections;
  const wrong = new WrongValues();
  let clients = 0;
  const result = await autocannon({
    url,
    connections,
    ...(seconds === undefined ? { maxConnectionRequests: share, duration: fillsWithinSeconds } : { duration: seconds }),
    setupClient: (client) => {
      const first = clients * share;
      clients += 1;
      client.setRequests(Array.from({ length: share }, (_, index) => checkedRequest(load, first + index, wrong)));
    },
  });
  check(load, result);
  wrong.check(load);
  if (seconds === undefined && result['2xx'] !== entries)
    throw new Error(`${load.name}: only ${result['2xx']} of ${entries} entries were reached`);
  const { duration, latency } = result;
  return { ...latency, requests: result['2xx'], rate: result['2xx'] / duration };
}

function checkedRequest(load: Load, index: number, wrong: WrongValues): LoadRequest {
  const request = load.requestOf(index);
  if (!load.readsValues || request.method !== 'GET') return request;
  const value = entryValue(index, valueBytes);
  return {
    ...request,
    onResponse: (status, body) => {
      if (status === 200 && body !== value) wrong.add(request.path, body);
    },
  };
}

class WrongValues {
  readonly #examples: string[] = [];
  #count = 0;

  add(path: string, body: string): void {
    this.#count += 1;
    if (this.#examples.length < shownWrongAnswers) this.#examples.push(`${path}: ${body.slice(0, valueBytes)}`);
  }

  check({ name }: Load): void {
    if (this.#count === 0) return;
    throw new Error(
      `${name}: ${this.#count} answers had other bytes than the value, such as\n${this.#examples.join('\n')}`,
    );
  }
}

function check(load: Load, { errors, statusCodeStats }: LoadResult): void {
  const others = Object.keys(statusCodeStats).filter((status) => !load.statuses.includes(Number(status)));
  if (others.length === 0 && errors === 0) return;
  throw new Error(`${load.name}: ${errors} errors, and answers ${JSON.stringify(statusCodeStats)}`);
}
