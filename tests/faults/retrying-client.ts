import { equal, ok } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from '../framework/http.ts';
import { versionOf } from '../framework/store.ts';

const retryWithinMs = 10_000;
const pauseMs = 50;
/** `KV_CACHE_TTL` as the cluster has it, and how far clocks may be apart. */
const cacheTtlMs = 60_000;
const skewMs = 1000;

/** What a client had to do to get through. */
export interface Trouble {
  writes: number;
  reads: number;
  /** Requests that were cut or answered 5xx, and were sent again. */
  retried: number;
  /** Cached reads that were behind, within the cache TTL. */
  stale: number;
}

/**
 * A client as the documentation advises: it sends again, with the same Idempotency-Key, what was cut or answered 503. It
 * alone writes its key, so that each read has one right answer.
 */
export class RetryingClient {
  readonly trouble: Trouble = { writes: 0, reads: 0, retried: 0, stale: 0 };
  readonly #http: HttpClient;
  readonly #path: string;
  /** When each value was known to be replaced. */
  readonly #replacedAt = new Map<string, number>();

  constructor(http: HttpClient, key: string) {
    this.#http = http;
    this.#path = `/kv/${key}`;
  }

  /** Writes and reads in turn until `isOver`. @throws AssertionError for a request that never got through, or a wrong value */
  async run(isOver: () => boolean): Promise<void> {
    let version = 0;
    for (let count = 1; !isOver(); count += 1) {
      const value = `value ${count}`;
      const headers = { Prefer: 'wait=5', 'Idempotency-Key': `${this.#path}#${count}` };
      const written = await this.#send('PUT', { headers, body: value });
      ok(written.status === 201 || written.status === 204, written.describe());
      const now = versionOf(written);
      ok(now > version, `${this.#path}: version ${now} after ${version}`);
      version = now;
      this.trouble.writes += 1;
      this.#replacedAt.set(`value ${count - 1}`, Date.now());
      for (const level of [undefined, 'no-cache']) {
        const read = await this.#send('GET', { headers: level === undefined ? {} : { 'Cache-Control': level } });
        equal(read.status, 200, read.describe());
        this.#check(read.text, count, level);
        this.trouble.reads += 1;
      }
    }
  }

  /** `no-cache` shows the last write; the cache too, unless it missed that one (a fault), and then for its TTL at most. */
  #check(text: string, count: number, level: string | undefined): void {
    if (text === `value ${count}`) return;
    const replacedAt = this.#replacedAt.get(text);
    const isWithinTtl = replacedAt !== undefined && Date.now() - replacedAt < cacheTtlMs + skewMs;
    ok(
      level === undefined && isWithinTtl,
      `${this.#path} shows ${text} instead of value ${count} (${level ?? 'cached'})`,
    );
    this.trouble.stale += 1;
  }

  async #send(method: string, options: Parameters<HttpClient['request']>[2]) {
    const deadline = Date.now() + retryWithinMs;
    for (;;) {
      const answer = await this.#http.request(method, this.#path, options).catch((error: Error) => error);
      if (!(answer instanceof Error) && answer.status < 500 && answer.status !== 202) return answer;
      if (Date.now() > deadline) throw answer instanceof Error ? answer : new Error(answer.describe());
      this.trouble.retried += 1;
      await sleep(pauseMs);
    }
  }
}
