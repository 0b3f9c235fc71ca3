import encoding from 'k6/encoding';
import { type Answer, type Client, type Expectations, header, judgementOf } from './client.ts';
import type { Entries } from './entries.ts';

/* Reads of the entries that are there all the time. */

const listLimit = 50;
const batchKeys = 20;
/** A batch is answered in full up to 8 MiB. */
const batchBytes = 4 * 2 ** 20;
const isEtag = /^"[1-9]\d*"$/;
const isAge = /^\d+$/;

/** A read of a value, which was stored as plain text. */
export const valueExpected: Expectations<string> = {
  'status 200': (answer) => answer.status === 200,
  'the bytes of the value': (answer, value) => answer.body === value,
  'headers of an entry': (answer) =>
    header(answer, 'Content-Type') === 'text/plain' &&
    isEtag.test(header(answer, 'Etag')) &&
    isAge.test(header(answer, 'Age')) &&
    header(answer, 'Last-Modified') !== '' &&
    header(answer, 'Cache-Status').startsWith('StrataKV; '),
};

const cached = judgementOf('get', valueExpected);
const latest = judgementOf('get_no_cache', {
  ...valueExpected,
  'read from the database': (answer) => header(answer, 'Cache-Status').includes('fwd=request'),
});

export function get(client: Client, entries: Entries): void {
  const index = entries.pick();
  client.send(cached, { method: 'GET', path: `/kv/${entries.key(index)}` }, entries.value(index));
}

export function getNoCache(client: Client, entries: Entries): void {
  const index = entries.pick();
  const headers = { 'Cache-Control': 'no-cache' };
  client.send(latest, { method: 'GET', path: `/kv/${entries.key(index)}`, headers }, entries.value(index));
}

interface ListPage {
  readonly entries: readonly { readonly key: string; readonly size: number }[];
  readonly next?: string;
}

interface WantedPage {
  readonly keys: readonly string[];
  /** Whether there are more than these. */
  readonly more: boolean;
  /** Of each value. */
  readonly bytes: number;
}

const page = judgementOf<WantedPage>('list', {
  'status 200': (answer) => answer.status === 200,
  // A page may be shorter than asked for, but then says that there is more.
  'the keys in order': (answer, { keys, more }) => {
    const { entries, next } = jsonOf<ListPage>(answer);
    const isCut = entries.length < keys.length;
    return entries.every(({ key }, at) => key === keys[at]) && (next !== undefined) === (isCut || more);
  },
  'the sizes': (answer, { bytes }) => jsonOf<ListPage>(answer).entries.every(({ size }) => size === bytes),
  'Link when there is more': (answer) =>
    header(answer, 'Link').endsWith('; rel="next"') === (jsonOf<ListPage>(answer).next !== undefined),
});

export function list(client: Client, entries: Entries): void {
  const digit = (entries.pick() % 16).toString(16);
  const path = `/kv?prefix=${encodeURIComponent(entries.prefix + digit)}&limit=${listLimit}`;
  const want = { ...entries.under(digit, listLimit), bytes: entries.value(0).length };
  client.send(page, { method: 'GET', path }, want);
}

interface BatchAnswer {
  readonly results: readonly { readonly key: string; readonly status: number; readonly value?: string }[];
}

interface WantedBatch {
  readonly keys: readonly string[];
  /** Of all keys but the last, which is absent. */
  readonly values: readonly string[];
}

const batch = judgementOf<WantedBatch>('batch_get', {
  'status 200': (answer) => answer.status === 200,
  'the keys as asked': (answer, { keys }) => {
    const { results } = jsonOf<BatchAnswer>(answer);
    return results.length === keys.length && results.every(({ key }, at) => key === keys[at]);
  },
  'the bytes of the values': (answer, { values }) => {
    const { results } = jsonOf<BatchAnswer>(answer);
    return values.every((value, at) => results[at]?.value === encoding.b64encode(value));
  },
  absence: (answer) => jsonOf<BatchAnswer>(answer).results.at(-1)?.status === 404,
});

export function batchGet(client: Client, entries: Entries): void {
  const room = Math.floor(batchBytes / entries.value(0).length);
  const indexes = Array.from({ length: Math.max(1, Math.min(batchKeys, room)) }, () => entries.pick());
  const keys = [...indexes.map((index) => entries.key(index)), `${entries.prefix}absent`];
  const headers = { 'Content-Type': 'application/json' };
  const body = JSON.stringify({ keys });
  const values = indexes.map((index) => entries.value(index));
  client.send(batch, { method: 'POST', path: '/kv:batchGet', headers, body }, { keys, values });
}

/** @throws SyntaxError when it is no JSON */
export function jsonOf<Document>(answer: Answer): Document {
  return JSON.parse(answer.body ?? '') as Document;
}
