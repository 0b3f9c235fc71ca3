import { expectLength, expectReceipt, expectStatus, expectValue, requestHead, sampleEvery } from './answer-checks.ts';
import { createPicker, type Distribution, entryKey, entryValue, keyPrefix } from './dataset.ts';
import { createFreshClients } from './fresh-workload.ts';
import type { FreshnessWatch } from './freshness.ts';
import type { HttpAnswer } from './http-connection.ts';
import { createEtcdClients, createWebdisClients } from './peer-workload.ts';

/** What the clients of a load ask for. Plain data, as it travels to the generator. */
export type Workload =
  | { readonly kind: 'constant'; readonly bytes: number }
  | {
      readonly kind: 'get';
      readonly entries: number;
      readonly distribution: Distribution;
      readonly valueBytes: number;
      /** Past the cache: `Cache-Control: no-cache`. */
      readonly isUncached?: boolean;
      /** Number of the first entry. */
      readonly first?: number;
    }
  | {
      readonly kind: 'put';
      readonly entries: number;
      readonly distribution: Distribution;
      readonly valueBytes: number;
      /** `Prefer: wait` of so many seconds; undefined: 202 is enough. */
      readonly waitSeconds?: number;
      readonly first?: number;
    }
  | { readonly kind: 'delete'; readonly entries: number; readonly first?: number }
  | { readonly kind: 'list'; readonly entries: number; readonly limit: number }
  /** Reads and writes of the same entries, with an eye on how old the answers are: see `createFreshClients`. */
  | {
      readonly kind: 'fresh-mix';
      readonly entries: number;
      readonly distribution: Distribution;
      readonly valueBytes: number;
      /** Share of the requests that write. */
      readonly writes: number;
      /** Higher than in any earlier load on the same entries. */
      readonly epoch: number;
    }
  /** The same requests to etcd's JSON gateway, which carries keys and values in Base64. */
  | {
      readonly kind: 'etcd-range' | 'etcd-put';
      readonly entries: number;
      readonly distribution: Distribution;
      readonly valueBytes: number;
    }
  /** GET of Webdis, which answers with the bytes alone when the path ends in `.txt`. */
  | {
      readonly kind: 'webdis-get';
      readonly entries: number;
      readonly distribution: Distribution;
      readonly valueBytes: number;
    }
  /** The clients take these in turn. */
  | { readonly kind: 'mixed'; readonly parts: readonly Workload[] };

/** One request, and what is wrong with its answer: undefined when nothing is. */
export interface Exchange {
  readonly head: string;
  readonly body: Buffer | undefined;
  readonly findMistake: (answer: HttpAnswer) => string | undefined;
  /** Whether it adds to what has to be applied. */
  readonly isWrite?: boolean;
}

/** Makes the next request of a client. */
export type Client = () => Exchange;

/** What the clients of a load notice beyond single answers. */
export interface LoadNotes {
  freshness?: FreshnessWatch;
}

/** Makes a client. Clients of one load differ by `seed`; 'in order' numbers are shared, as the load makes one picker. */
export function createClients(
  workload: Workload,
  host: string,
  seed: number,
  notes: LoadNotes = {},
): (client: number) => Client {
  switch (workload.kind) {
    case 'constant':
      return () => createConstantClient(workload.bytes, host);
    case 'get':
      return createGetClients(workload, host, seed);
    case 'put':
      return createPutClients(workload, host, seed);
    case 'delete':
      return createDeleteClients(workload, host);
    case 'fresh-mix':
      return createFreshClients(workload, host, seed, notes);
    case 'list':
      return (client) => createListClient(workload, host, seed + client);
    case 'etcd-range':
    case 'etcd-put':
      return createEtcdClients(workload, host, seed);
    case 'webdis-get':
      return createWebdisClients(workload, host, seed);
    case 'mixed': {
      const parts = workload.parts.map((part, index) => createClients(part, host, seed + 1000 * index, notes));
      return (client) => (parts[client % parts.length] as (client: number) => Client)(client);
    }
  }
}

function createConstantClient(bytes: number, host: string): Client {
  const exchange: Exchange = {
    head: requestHead('GET /constant', host),
    body: undefined,
    findMistake: ({ status, body }) => expectStatus(status, 200) ?? expectLength(body, bytes),
  };
  return () => exchange;
}

function createGetClients(workload: Extract<Workload, { kind: 'get' }>, host: string, seed: number) {
  const { entries, distribution, valueBytes, first = 0 } = workload;
  const pick = createPicker(distribution, entries, seed);
  const rest = requestHead('', host, workload.isUncached ? 'cache-control: no-cache\r\n' : '');
  let asked = 0;
  return (): Client => () => {
    const index = first + pick();
    const isSampled = asked++ % sampleEvery === 0;
    return {
      head: `GET /kv/${entryKey(index)}${rest}`,
      body: undefined,
      findMistake: ({ status, body }) =>
        expectStatus(status, 200) ??
        expectLength(body, valueBytes) ??
        (isSampled ? expectValue(body, index, valueBytes) : undefined),
    };
  };
}

function createPutClients(workload: Extract<Workload, { kind: 'put' }>, host: string, seed: number) {
  const { entries, distribution, valueBytes, waitSeconds, first = 0 } = workload;
  const pick = createPicker(distribution, entries, seed);
  const prefer = waitSeconds === undefined ? '' : `prefer: wait=${waitSeconds}\r\n`;
  const rest = requestHead('', host, `${prefer}content-type: text/plain\r\ncontent-length: ${valueBytes}\r\n`);
  return (): Client => () => {
    const index = first + pick();
    const head = `PUT /kv/${entryKey(index)}${rest}`;
    const value = entryValue(index, valueBytes);
    const isSmall = valueBytes <= 4096;
    return {
      head: isSmall ? head + value : head,
      body: isSmall ? undefined : Buffer.from(value, 'latin1'),
      isWrite: true,
      findMistake: ({ status, head: answered }) => {
        if (waitSeconds === undefined) return expectStatus(status, 202) ?? expectReceipt(answered);
        return status === 201 || status === 204 ? undefined : `status ${status} for a waited PUT`;
      },
    };
  };
}

function createDeleteClients({ entries, first = 0 }: Extract<Workload, { kind: 'delete' }>, host: string) {
  const pick = createPicker('in order', entries, 0);
  const rest = requestHead('', host);
  return (): Client => () => ({
    head: `DELETE /kv/${entryKey(first + pick())}${rest}`,
    body: undefined,
    isWrite: true,
    findMistake: ({ status, head }) => expectStatus(status, 202) ?? expectReceipt(head),
  });
}

/** Pages in a row from each place a client starts at. */
const pagesInARow = 5;
const nextLink = /\r\nlink: <([^>]+)>; rel="next"\r\n/i;

/** A client that starts at a random prefix and follows `next` for some pages, each of them full. */
function createListClient({ entries, limit }: Extract<Workload, { kind: 'list' }>, host: string, seed: number): Client {
  // As many digits as leave enough entries under a prefix for all the pages, with room for chance.
  const places = 16 ** Math.max(0, Math.floor(Math.log(entries / (1.2 * pagesInARow * limit)) / Math.log(16)));
  const width = Math.round(Math.log(places) / Math.log(16));
  const pick = createPicker('uniform', places, seed);
  const rest = requestHead('', host);
  let asked = 0;
  let path = '';
  return () => {
    if (asked % pagesInARow === 0 || path === '') {
      const prefix = keyPrefix + (width === 0 ? '' : pick().toString(16).padStart(width, '0'));
      path = `/kv?prefix=${encodeURIComponent(prefix)}&limit=${limit}`;
    }
    const isSampled = asked++ % sampleEvery === 0;
    const asking = path;
    return {
      head: `GET ${asking}${rest}`,
      body: undefined,
      findMistake: ({ status, head, body }) => {
        path = nextLink.exec(head)?.[1] ?? '';
        return expectStatus(status, 200) ?? (isSampled ? expectPage(body, limit, asking) : undefined);
      },
    };
  };
}

function expectPage(body: Buffer, limit: number, path: string): string | undefined {
  const page = JSON.parse(body.toString()) as { entries: { key: string; size: number }[] };
  const keys = page.entries.map(({ key }) => key);
  if (keys.length !== limit) return `${keys.length} entries instead of ${limit} at ${path}`;
  return keys.every((key, index) => index === 0 || (keys[index - 1] ?? '') < key)
    ? undefined
    : `keys out of order at ${path}`;
}
