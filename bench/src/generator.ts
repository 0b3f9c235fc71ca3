import { createHistogram } from 'node:perf_hooks';
import { type HttpAnswer, HttpConnection } from './http-connection.ts';
import type { GeneratorMessage, Latency, Load, LoadResult } from './load-types.ts';
import { type Client, createClients, type LoadNotes } from './workload.ts';

/* The load generator: a process of its own, so that its work is neither the benchmark's nor the server's. */

interface Slot {
  readonly connection: HttpConnection;
  readonly client: Client;
}

/** One load, from its first connection to its last answer. */
class Run {
  readonly #load: Load;
  readonly #slots: Slot[] = [];
  readonly #idle: Slot[] = [];
  readonly #histogram = createHistogram({ figures: 3 });
  readonly #finished = Promise.withResolvers<LoadResult>();
  /** Requests of the open loop that were sent. */
  #paced = 0;
  /** Requests of the open loop that were due and were never sent. */
  #unsent = 0;
  /** Whether something is due and every connection is taken. */
  #isStarved = false;
  #inFlight = 0;
  #sent = 0;
  #answers = 0;
  #allAnswers = 0;
  #writes = 0;
  #isMeasuring = false;
  #isOver = false;
  #startedAt = 0;
  #seconds = 0;
  #cpuAtStart: NodeJS.CpuUsage = { user: 0, system: 0 };
  #generatorCpuMicros = 0;
  /** What the clients noticed beyond single answers. */
  readonly #notes: LoadNotes = {};

  constructor(load: Load) {
    this.#load = load;
    const clientOf = createClients(load.workload, `127.0.0.1:${load.port}`, load.seed, this.#notes);
    for (let index = 0; index < load.connections; index += 1) {
      this.#slots.push({ connection: new HttpConnection(load.port), client: clientOf(index) });
    }
  }

  /** Rejects with the first answer that is not what it should be. */
  async run(): Promise<LoadResult> {
    const { warmupSeconds, seconds, count } = this.#load;
    if (warmupSeconds === 0) this.#measure();
    else setTimeout(() => this.#measure(), warmupSeconds * 1000);
    if (count === undefined) setTimeout(() => this.#stop(), (warmupSeconds + seconds) * 1000);
    for (const slot of this.#slots) this.#next(slot);
    try {
      return await this.#finished.promise;
    } finally {
      // A load that failed must not go on beside the next one.
      this.#isOver = true;
      for (const { connection } of this.#slots) connection.close();
    }
  }

  #measure(): void {
    tell({ kind: 'measuring' });
    this.#cpuAtStart = process.cpuUsage();
    this.#startedAt = performance.now();
    this.#isMeasuring = true;
    const { rate } = this.#load;
    if (rate !== undefined) this.#pace(1000 / rate);
  }

  #stop(): void {
    this.#isOver = true;
    this.#isMeasuring = false;
    this.#seconds = (performance.now() - this.#startedAt) / 1000;
    const { user, system } = process.cpuUsage(this.#cpuAtStart);
    this.#generatorCpuMicros = user + system;
    this.#recordUnsent();
    if (this.#inFlight === 0) this.#finish();
  }

  /** What was due and found no connection has waited at least until now. Left out, the worst times would be missing. */
  #recordUnsent(): void {
    const { rate } = this.#load;
    if (rate === undefined) return;
    const now = performance.now();
    for (let due = this.#startedAt + (this.#paced * 1000) / rate; due < now; due += 1000 / rate) {
      this.#record(now - due);
      this.#unsent += 1;
    }
  }

  #record(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1000)));
  }

  #finish(): void {
    this.#finished.resolve({
      unsent: this.#unsent,
      answers: this.#answers,
      allAnswers: this.#allAnswers,
      writes: this.#writes,
      seconds: this.#seconds,
      latency: this.#latency(),
      generatorCpuMicros: this.#generatorCpuMicros,
      ...(this.#notes.freshness === undefined ? {} : { freshness: this.#notes.freshness.figures }),
    });
  }

  #latency(): Latency {
    const ms = (percentile: number) => this.#histogram.percentile(percentile) / 1000;
    return { p50: ms(50), p90: ms(90), p99: ms(99), p999: ms(99.9), max: this.#histogram.max / 1000 };
  }

  /**
   * A connection is free. Closed loop: it sends at once. Open loop: it sends what is due next; the warm-up is a closed
   * loop there too, for what a cold server leaves behind must not count.
   */
  #next(slot: Slot): void {
    const { rate, count } = this.#load;
    if (this.#isOver || (count !== undefined && this.#sent >= count)) return;
    if (rate === undefined || !this.#isMeasuring) {
      this.#send(slot, performance.now());
      return;
    }
    this.#idle.push(slot);
    if (this.#isStarved) this.#pace(1000 / rate);
  }

  /**
   * Open loop: sends what is due on the connections that are free, in the order it was due. Late because all of them
   * are taken, a request keeps the time at which it was due, and the next free connection goes on from there.
   */
  #pace(everyMs: number): void {
    if (this.#isOver) return;
    this.#isStarved = false;
    let due = this.#startedAt + this.#paced * everyMs;
    for (let now = performance.now(); due <= now; due = this.#startedAt + this.#paced * everyMs) {
      const slot = this.#idle.shift();
      if (slot === undefined) {
        this.#isStarved = true;
        return;
      }
      this.#paced += 1;
      this.#send(slot, due);
    }
    const waitMs = due - performance.now();
    const again = () => this.#pace(everyMs);
    // A timer is a millisecond late at worst. Nearer than that, the thread sleeps in short pieces: to turn the event loop
    // all the time would take a core from the servers.
    if (waitMs > 1.5) setTimeout(again, Math.floor(waitMs - 1));
    else {
      sleepShortly(Math.min(waitMs, longestSleepMs));
      setImmediate(again);
    }
  }

  #send(slot: Slot, dueAt: number): void {
    const { head, body, findMistake, isWrite = false } = slot.client();
    this.#sent += 1;
    this.#inFlight += 1;
    if (isWrite) this.#writes += 1;
    slot.connection.send(head, body, (error, answer) => {
      const mistake = error?.message ?? (answer && findMistake(answer));
      if (mistake === undefined) this.#answered(slot, dueAt);
      else this.#finished.reject(new Error(mistake + reasonIn(answer)));
    });
  }

  #answered(slot: Slot, dueAt: number): void {
    const { rate, count } = this.#load;
    this.#inFlight -= 1;
    this.#allAnswers += 1;
    const isOfWarmup = rate !== undefined && dueAt < this.#startedAt;
    if (this.#isMeasuring && !isOfWarmup) this.#answers += 1;
    // In an open loop what was due in time counts, however late its answer.
    if ((this.#isMeasuring || rate !== undefined) && !isOfWarmup) this.#record(performance.now() - dueAt);
    if (this.#isOver) {
      if (this.#inFlight === 0) this.#finish();
    } else if (this.#allAnswers === count) this.#stop();
    else this.#next(slot);
  }
}

/** What a problem (RFC 9457) says; nothing for other answers. */
function reasonIn(answer: HttpAnswer | undefined): string {
  const body = answer?.body.toString() ?? '';
  return body.startsWith('{"type":') ? `: ${body.trim()}` : '';
}

/** Answers that come meanwhile are noticed this much later. */
const longestSleepMs = 0.2;
const neverWritten = new Int32Array(new SharedArrayBuffer(4));

function sleepShortly(ms: number): void {
  Atomics.wait(neverWritten, 0, 0, ms);
}

function tell(message: GeneratorMessage): void {
  process.send?.(message);
}

process.on('message', (load: Load) => {
  new Run(load).run().then(
    (result) => tell({ kind: 'done', result }),
    (error: unknown) => tell({ kind: 'failed', detail: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
tell({ kind: 'ready' });
