import type { Logger } from './logger.ts';

export interface LifecycleOptions {
  readonly logger: Logger;
  /** Time all closers have together; 10,000 by default. */
  readonly deadlineMs?: number;
}

/** What became of closing. */
export interface CloseReport {
  /** Names of the closers that threw or had not finished at the deadline. */
  readonly failed: readonly string[];
}

interface Closer {
  readonly name: string;
  readonly close: () => unknown;
}

/** The release stack of a process: parts push their closer as they open, closing runs them in reverse. */
export class Lifecycle {
  readonly #logger: Logger;
  readonly #deadlineMs: number;
  readonly #closers: Closer[] = [];
  #closing: Promise<CloseReport> | undefined;

  constructor({ logger, deadlineMs = 10_000 }: LifecycleOptions) {
    this.#logger = logger;
    this.#deadlineMs = deadlineMs;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Adds the closer of a part that has just opened. While closing, it runs at once: the part came too late. */
  push(name: string, close: () => unknown): void {
    if (this.#closing === undefined) this.#closers.push({ name, close });
    else void this.#run({ name, close }, this.#deadlineMs);
  }

  /**
   * Runs every closer once, last in first out, each after the one before has finished or failed. At the deadline the
   * rest is started without waiting. Never throws; a second call gives the same answer.
   */
  close(): Promise<CloseReport> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  /**
   * Makes this the process's answer to signals and to errors nobody caught.
   *
   * SIGTERM and SIGINT close, then exit with 0, or 1 when a closer failed. A second signal exits at once with 143 or 130
   * (128 + its number). An unhandled rejection or exception is logged as fatal and exits with 1: the state of the
   * process is unknown, and closing it nicely could acknowledge what was not done.
   */
  onSignals(): void {
    process.on('SIGTERM', () => this.#stop('SIGTERM', 143));
    process.on('SIGINT', () => this.#stop('SIGINT', 130));
    process.on('unhandledRejection', (reason) => this.#crash(reason, 'unhandled rejection'));
    process.on('uncaughtException', (error) => this.#crash(error, 'uncaught exception'));
  }

  #stop(signal: string, secondExitCode: number): void {
    if (this.isClosing) process.exit(secondExitCode);
    this.#logger.info({ signal }, 'closing');
    void this.close().then(({ failed }) => {
      this.#logger.info({ failed: failed.length === 0 ? undefined : failed }, 'closed');
      process.exit(failed.length === 0 ? 0 : 1);
    });
  }

  #crash(reason: unknown, message: string): void {
    this.#logger.fatal({ err: reason }, message);
    process.exit(1);
  }

  async #closeAll(): Promise<CloseReport> {
    const endsAt = performance.now() + this.#deadlineMs;
    const failed: string[] = [];
    for (let closer = this.#closers.pop(); closer !== undefined; closer = this.#closers.pop()) {
      const isClosed = await this.#run(closer, Math.max(0, endsAt - performance.now()));
      if (!isClosed) failed.push(closer.name);
    }
    return { failed };
  }

  async #run({ name, close }: Closer, timeoutMs: number): Promise<boolean> {
    const { promise: deadline, resolve } = Promise.withResolvers<'late'>();
    const timer = setTimeout(() => resolve('late'), timeoutMs);
    try {
      const ending = await Promise.race([Promise.resolve().then(close), deadline]);
      if (ending === 'late') this.#logger.error({ closer: name }, 'not closed in time');
      return ending !== 'late';
    } catch (error) {
      this.#logger.error({ closer: name, err: error }, 'closing failed');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
