import { deepEqual, equal } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { eventually, inParallel } from '../framework/eventually.ts';
import { HttpClient } from '../framework/http.ts';

/** Entries that the store said it has applied, to be compared with what it answers later. */
export class Ledger {
  readonly #http: HttpClient;
  readonly #prefix = `compose-${randomBytes(4).toString('hex')}/`;
  readonly #applied = new Map<string, string>();

  /** @param url of the published port */
  constructor(url: string) {
    this.#http = new HttpClient(url);
  }

  /** How many there are. */
  get size(): number {
    return this.#applied.size;
  }

  /** Writes entries until each is applied, however often that takes. */
  async write(count: number, withinMs: number): Promise<void> {
    const from = this.#applied.size;
    const numbers = Array.from({ length: count }, (_, n) => from + n);
    await inParallel(numbers, 8, async (n) => {
      const key = `${this.#prefix}${n}`;
      const value = randomBytes(16).toString('hex');
      await eventually(
        async () => {
          const headers = { Prefer: 'wait=10', 'Idempotency-Key': value };
          const answer = await this.#http.request('PUT', `/kv/${key}`, { headers, body: value });
          if (answer.status !== 201 && answer.status !== 204) throw new Error(`PUT ${key}: ${answer.describe()}`);
        },
        withinMs,
        250,
      );
      this.#applied.set(key, value);
    });
  }

  /** Compares every entry with the database's and the cache's answer. */
  async check(withinMs: number): Promise<void> {
    await inParallel([...this.#applied], 8, async ([key, value]) => {
      for (const headers of [{ 'Cache-Control': 'no-cache' }, {}]) {
        await eventually(
          async () => {
            const answer = await this.#http.request('GET', `/kv/${key}`, { headers });
            deepEqual([answer.status, answer.body.toString()], [200, value], `GET ${key}: ${answer.describe()}`);
          },
          withinMs,
          250,
        );
      }
    });
  }

  /** @throws Error unless the store says that it can read and write, and each part is in order */
  async checkReady(withinMs: number): Promise<void> {
    await eventually(
      async () => {
        const answer = await this.#http.request('GET', '/readyz');
        equal(answer.status, 200, answer.describe());
      },
      withinMs,
      500,
    );
  }

  /** New connections from here on. */
  reconnect(): void {
    this.#http.forgetConnections();
  }
}
