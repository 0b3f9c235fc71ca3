import { equal, ok } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from '../framework/http.ts';
import { versionOf } from '../framework/store.ts';

const retryWithinMs = 10_000;
const pauseMs = 50;

/** What a client had to do to get through. */
export interface Trouble {
  writes: number;
  reads: number;
  /** Requests that were cut or answered 5xx, and were sent again. */
  retried: number;
}

/**
 * A client as the documentation advises: it sends again, with the same Idempotency-Key, what was cut or answered 503. It
 * alone writes its key, so that each read has one right answer.
 */
export class RetryingClient {
  readonly trouble: Trouble = { writes: 0, reads: 0, retried: 0 };
  readonly #http: HttpClient;
  readonly #path: string;

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
      for (const level of [undefined, 'no-cache']) {
        const read = await this.#send('GET', { headers: level === undefined ? {} : { 'Cache-Control': level } });
        equal(read.status, 200, read.describe());
        equal(read.text, value, `${this.#path} shows an older value (${level ?? 'cached'})`);
        this.trouble.reads += 1;
      }
    }
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
