import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from './launch.ts';
import type { ManagedProcess } from './managed-process.ts';

const firstPauseMs = 100;
const maxPauseMs = 10_000;
/** Who ran this long before dying is started again after the first pause. */
const steadyMs = 30_000;

/** What a supervisor tells. */
export type SupervisorEvent =
  | { readonly kind: 'died'; readonly exit: Exit; readonly pauseMs: number }
  | { readonly kind: 'ready-again' }
  /** It runs, and is waited for: a database that recovers takes what it takes. */
  | { readonly kind: 'not-ready-yet' }
  | { readonly kind: 'not-started'; readonly error: unknown };

/** Keeps one process running: whenever it dies without having been asked to, it is started again. */
export class Supervisor {
  readonly process: ManagedProcess;
  readonly #onEvent: (event: SupervisorEvent) => void;
  readonly #stopping = new AbortController();
  #starting: Promise<void> | undefined;
  #watching: Promise<void> | undefined;
  #restarts = 0;

  constructor(process: ManagedProcess, onEvent: (event: SupervisorEvent) => void) {
    this.process = process;
    this.#onEvent = onEvent;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** @throws Error when it does not get ready the first time; it is not started again then */
  start(): Promise<void> {
    this.#starting = this.#isStopping ? Promise.resolve() : this.process.start();
    return this.#starting.then(() => {
      this.#watching = this.#watch();
    });
  }

  /** Stops it for good, one that is starting too. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    let isStarting = true;
    void Promise.resolve(this.#starting)
      .catch(() => {})
      .finally(() => {
        isStarting = false;
      });
    // While it is prepared there is nothing to stop yet.
    do await this.process.stop();
    while (await sleep(20).then(() => isStarting));
    await this.#watching;
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #watch(): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
      const startedAt = performance.now();
      const exit = await this.process.exited;
      if (this.#isStopping) return;
      if (performance.now() - startedAt > steadyMs) pauseMs = firstPauseMs;
      this.#onEvent({ kind: 'died', exit, pauseMs });
      await sleep(pauseMs, undefined, { signal: this.#stopping.signal }).catch(() => {});
      if (this.#isStopping) return;
      await this.#restart();
    }
  }

  async #restart(): Promise<void> {
    try {
      await this.process.launch();
      this.#restarts += 1;
      // The stop came while it was prepared, and found nothing to stop.
      if (this.#isStopping) await this.process.stop();
      else void this.#awaitReady();
    } catch (error) {
      this.#onEvent({ kind: 'not-started', error });
    }
  }

  async #awaitReady(): Promise<void> {
    const { exited } = this.process;
    for (;;) {
      const outcome = await this.process.untilReady();
      // Whoever ended is reported by the one who waits for that.
      if (outcome === 'ended' || this.#isStopping || exited !== this.process.exited) return;
      this.#onEvent({ kind: outcome === 'ready' ? 'ready-again' : 'not-ready-yet' });
      if (outcome === 'ready') return;
    }
  }
}
