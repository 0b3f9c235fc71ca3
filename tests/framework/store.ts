import { equal, match, ok } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after } from 'node:test';
import type { Answer } from './answer.ts';
import { ApiDescription, type JsonObject } from './api-description.ts';
import { checkContract } from './contract.ts';
import type { BatchAnswer, BatchResult, ListPage, Receipt } from './documents.ts';
import { HttpClient, type RequestOptions } from './http.ts';
import { openTarget, type Settings, type Target } from './target.ts';

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A running store as the scenarios use it. Every answer is checked against the contract before a scenario sees it. */
export class Store {
  readonly target: Target;
  /** What all keys of this file begin with, so that scenarios can share a store. Ends with a slash. */
  readonly space: string;
  readonly #http: HttpClient;
  #api: Promise<ApiDescription> | undefined;

  constructor(target: Target) {
    this.target = target;
    this.space = `scenario-${randomBytes(6).toString('hex')}/`;
    this.#http = new HttpClient(target.url);
  }

  /** A key of this file. */
  key(name: string): string {
    return this.space + name;
  }

  /** @param path sent byte for byte */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = await this.#http.request(method, path, options);
    checkContract({ method, path, answer }, await this.#describedApi());
    return answer;
  }

  /** The store's own description of its API, read once. A store that cannot give it now may later. */
  #describedApi(): Promise<ApiDescription> {
    this.#api ??= this.#readApi().catch((error) => {
      this.#api = undefined;
      throw error;
    });
    return this.#api;
  }

  async #readApi(): Promise<ApiDescription> {
    const answer = await this.#http.request('GET', '/openapi.json');
    equal(answer.status, 200, `GET /openapi.json: ${answer.describe()}`);
    return new ApiDescription(answer.json() as JsonObject);
  }

  get(key: string, headers: Headers = {}): Promise<Answer> {
    return this.request('GET', kvPath(key), { headers });
  }

  /** What the database holds, past every cache. */
  getLatest(key: string): Promise<Answer> {
    return this.get(key, { 'Cache-Control': 'no-cache' });
  }

  /** @param options.wait seconds to wait for the outcome; without it the write is only queued */
  put(key: string, value: Uint8Array | string, options: WriteOptions = {}): Promise<Answer> {
    return this.request('PUT', kvPath(key), { headers: writeHeaders(options), body: value });
  }

  delete(key: string, options: WriteOptions = {}): Promise<Answer> {
    return this.request('DELETE', kvPath(key), { headers: writeHeaders(options) });
  }

  /** Puts an entry and gives its version; the write is applied when this returns. */
  async write(key: string, value: Uint8Array | string, headers: Headers = {}): Promise<number> {
    const answer = await this.put(key, value, { wait: 10, headers });
    ok(answer.status === 201 || answer.status === 204, `PUT ${key}: ${answer.describe()}`);
    return versionOf(answer);
  }

  /** Deletes an entry; the delete is applied when this returns. */
  async erase(key: string): Promise<void> {
    const answer = await this.delete(key, { wait: 10 });
    equal(answer.status, 204, `DELETE ${key}: ${answer.describe()}`);
  }

  /** Waits for the outcome of a write that was answered with 202, or of the operation with this id. */
  async settled(operation: Answer | string): Promise<Receipt> {
    const id = typeof operation === 'string' ? operation : receiptOf(operation).id;
    const answer = await this.request('GET', `/operations/${id}`, { headers: { Prefer: 'wait=10' } });
    equal(answer.status, 200, `operation ${id}: ${answer.describe()}`);
    const receipt = answer.json() as Receipt;
    ok(receipt.status !== 'queued', `operation ${id} has no outcome after 10 s`);
    return receipt;
  }

  /** @param query as it stands in the path, such as `?prefix=a%2F`, or a `next` link */
  async list(query: string): Promise<ListPage> {
    const answer = await this.request('GET', query.startsWith('/') ? query : `/kv${query}`);
    equal(answer.status, 200, `list ${query}: ${answer.describe()}`);
    return answer.json() as ListPage;
  }

  /** All pages of a list, in order. */
  async listAll(query: string): Promise<ListPage[]> {
    const pages = [await this.list(query)];
    for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) pages.push(await this.list(next));
    return pages;
  }

  postBatch(body: string): Promise<Answer> {
    return this.request('POST', '/kv:batchGet', { headers: { 'Content-Type': 'application/json' }, body });
  }

  async batch(keys: readonly string[]): Promise<readonly BatchResult[]> {
    const answer = await this.postBatch(JSON.stringify({ keys }));
    equal(answer.status, 200, `batchGet: ${answer.describe()}`);
    return (answer.json() as BatchAnswer).results;
  }

  async restart(): Promise<void> {
    await this.target.restart();
    this.#http.forgetConnections();
  }

  async kill(): Promise<void> {
    await this.target.kill();
    this.#http.forgetConnections();
  }

  async close(): Promise<void> {
    this.#http.forgetConnections();
    await this.target.close();
  }
}

export interface WriteOptions {
  readonly wait?: number;
  readonly headers?: Headers;
}

/** Opens a store for the scenarios of one file and closes it after the last. */
export async function useStore(settings: Settings = {}): Promise<Store> {
  const store = new Store(await openTarget(settings));
  after(() => store.close());
  return store;
}

/** The path of an entry with everything but slashes percent-encoded. */
export function kvPath(key: string): string {
  return `/kv/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** The version an answer's ETag names. */
export function versionOf(answer: Answer): number {
  const etag = answer.header('etag') ?? '';
  match(etag, /^"[1-9]\d*"$/, `ETag of ${answer.describe()}`);
  return Number(etag.slice(1, -1));
}

/** The receipt of a write that was answered with 202. */
export function receiptOf(answer: Answer): Receipt {
  equal(answer.status, 202, answer.describe());
  return answer.json() as Receipt;
}

function writeHeaders({ wait, headers = {} }: WriteOptions): Headers {
  return wait === undefined ? headers : { Prefer: `wait=${wait}`, ...headers };
}
