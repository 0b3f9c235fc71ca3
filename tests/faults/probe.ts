import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpClient } from '../framework/http.ts';
import type { Problem } from '../framework/problems.ts';

/** What a probe asks, always the same kind of request. */
export type Question = 'put' | 'get' | 'latest';

/** One request of a probe. */
export interface Sample {
  readonly question: Question;
  /** When it was sent, milliseconds since 1970. */
  readonly at: number;
  readonly tookMs: number;
  /** 0 when the connection was refused or cut. */
  readonly status: number;
  /** `urn:…` without its front, for a problem. */
  readonly problem: string | undefined;
  readonly hasRetryAfter: boolean;
}

/** Over all partitions. */
export const probeKeys = 64;
export const writtenPath = (number: number): string => `/kv/probe/written/${number}`;
/** What nobody writes while something is away: a write on its way takes its key out of the cache. */
export const readPath = (number: number): string => `/kv/probe/read/${number}`;

/** A steady small load of one kind: a request every `everyMs`, whether or not the ones before were answered. */
export class Probe {
  readonly samples: Sample[] = [];
  readonly #http: HttpClient;
  readonly #question: Question;
  readonly #running: Promise<void>;
  #isOver = false;
  #asked = 0;
  #unanswered = 0;

  constructor(http: HttpClient, question: Question, everyMs: number) {
    this.#http = http;
    this.#question = question;
    this.#running = this.#run(everyMs);
  }

  async end(): Promise<readonly Sample[]> {
    this.#isOver = true;
    await this.#running;
    return this.samples;
  }

  async #run(everyMs: number): Promise<void> {
    while (!this.#isOver) {
      void this.#ask();
      await sleep(everyMs);
    }
    while (this.#unanswered > 0) await sleep(10);
  }

  async #ask(): Promise<void> {
    const at = Date.now();
    this.#unanswered += 1;
    const answer = await this.#send().catch(() => undefined);
    this.#unanswered -= 1;
    const isProblem = answer?.mediaType === 'application/problem+json';
    this.samples.push({
      question: this.#question,
      at,
      tookMs: Date.now() - at,
      status: answer?.status ?? 0,
      problem: isProblem ? String((answer.json() as Problem).type).replace('urn:stratakv:problem:', '') : undefined,
      hasRetryAfter: answer?.header('retry-after') !== undefined,
    });
  }

  #send() {
    this.#asked += 1;
    const number = this.#asked % probeKeys;
    if (this.#question === 'put') {
      // Some with a key to look up first.
      const isKeyed = this.#asked % 4 === 0;
      const headers = isKeyed ? { 'Idempotency-Key': `probe-${process.pid}-${Date.now()}-${this.#asked}` } : {};
      return this.#http.request('PUT', writtenPath(number), { headers, body: `value ${this.#asked}` });
    }
    const path = readPath(number);
    const headers = this.#question === 'latest' ? { 'Cache-Control': 'no-cache' } : {};
    return this.#http.request('GET', path, { headers });
  }
}

/** Those of the samples that were sent from `from` to `to`, milliseconds since 1970. */
export function between(samples: readonly Sample[], from: number, to: number): readonly Sample[] {
  return samples.filter(({ at }) => at >= from && at < to);
}

/** For the message of a failed check: how often each answer came. */
export function tally(samples: readonly Sample[]): string {
  const counts = Map.groupBy(samples, ({ status, problem }) =>
    problem === undefined ? `${status}` : `${status} ${problem}`,
  );
  return [...counts].map(([answer, { length }]) => `${length} x ${answer}`).join(', ');
}
