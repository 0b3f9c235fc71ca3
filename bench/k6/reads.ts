import encoding from 'k6/encoding';
import { type Answer, type Client, type Expectations, header } from './client.ts';
import type { Entries } from './entries.ts';

/* Reads of the entries that are there all the time. */

const listLimit = 50;
const batchKeys = 20;
/** A batch is answered in full up to 8 MiB. */
const batchBytes = 4 * 2 ** 20;
const isEtag = /^"[1-9]\d*"$/;
const isAge = /^\d+$/;

/** A read of `value`, which was stored as plain text. */
export function valueExpected(value: string): Expectations {
  return {
    'status 200': (answer) => answer.status === 200,
    'the bytes of the value': (answer) => answer.body === value,
    'headers of an entry': (answer) =>
      header(answer, 'Content-Type') === 'text/plain' &&
      isEtag.test(header(answer, 'Etag')) &&
      isAge.test(header(answer, 'Age')) &&
      header(answer, 'Last-Modified') !== '' &&
      header(answer, 'Cache-Status').startsWith('StrataKV; '),
  };
}

export function get(client: Client, entries: Entries): void {
  const index = entries.pick();
  client.send('get', { method: 'GET', path: `/kv/${entries.key(index)}` }, valueExpected(entries.value(index)));
}

export function getNoCache(client: Client, entries: Entries): void {
  const index = entries.pick();
  const headers = { 'Cache-Control': 'no-cache' };
  client.send(
    'get_no_cache',
    { method: 'GET', path: `/kv/${entries.key(index)}`, headers },
    {
      ...valueExpected(entries.value(index)),
      'read from the database': (answer) => header(answer, 'Cache-Status').includes('fwd=request'),
    },
  );
}

interface ListPage {
  readonly entries: readonly { readonly key: string; readonly size: number }[];
  readonly next?: string;
}

/** A page may be shorter than asked for, but then says that there is more. */
export function list(client: Client, entries: Entries): void {
  const digit = (entries.pick() % 16).toString(16);
  const prefix = encodeURIComponent(entries.prefix + digit);
  const expected = entries.under(digit, listLimit);
  const bytes = entries.value(0).length;
  client.send(
    'list',
    { method: 'GET', path: `/kv?prefix=${prefix}&limit=${listLimit}` },
    {
      'status 200': (answer) => answer.status === 200,
      'the keys in order': (answer) => {
        const page = jsonOf<ListPage>(answer);
        const isWhole = page.entries.length === expected.keys.length;
        const hasNext = page.next !== undefined;
        return (
          page.entries.every(({ key }, at) => key === expected.keys[at]) && hasNext === (!isWhole || expected.more)
        );
      },
      'the sizes': (answer) => jsonOf<ListPage>(answer).entries.every(({ size }) => size === bytes),
      'Link when there is more': (answer) =>
        header(answer, 'Link').endsWith('; rel="next"') === (jsonOf<ListPage>(answer).next !== undefined),
    },
  );
}

interface BatchAnswer {
  readonly results: readonly { readonly key: string; readonly status: number; readonly value?: string }[];
}

/** Entries, and one key that is absent. */
export function batchGet(client: Client, entries: Entries): void {
  const room = Math.floor(batchBytes / entries.value(0).length);
  const indexes = Array.from({ length: Math.max(1, Math.min(batchKeys, room)) }, () => entries.pick());
  const keys = [...indexes.map((index) => entries.key(index)), `${entries.prefix}absent`];
  client.send(
    'batch_get',
    {
      method: 'POST',
      path: '/kv:batchGet',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ keys }),
    },
    {
      'status 200': (answer) => answer.status === 200,
      'the keys as asked': (answer) => {
        const { results } = jsonOf<BatchAnswer>(answer);
        return results.length === keys.length && results.every(({ key }, at) => key === keys[at]);
      },
      'the bytes of the values': (answer) => {
        const { results } = jsonOf<BatchAnswer>(answer);
        return indexes.every((index, at) => results[at]?.value === encoding.b64encode(entries.value(index)));
      },
      absence: (answer) => jsonOf<BatchAnswer>(answer).results.at(-1)?.status === 404,
    },
  );
}

/** @throws SyntaxError when it is no JSON */
export function jsonOf<Document>(answer: Answer): Document {
  return JSON.parse(answer.body ?? '') as Document;
}
