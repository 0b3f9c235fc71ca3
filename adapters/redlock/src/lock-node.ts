import { Redis } from 'ioredis';
import type { Answered, ScriptRunner } from 'redlock';

export interface LockNodeOptions {
  /** A redis:// or rediss:// URL. */
  readonly url: string;
  /** How long an answer may take, milliseconds. */
  readonly answerWithinMs: number;
  /** Told of every connection that failed or broke. */
  readonly onError: (node: string, error: Error) => void;
}

/** A connection that owes an answer for this long is given up and made anew, milliseconds. */
const brokenAfterMs = 2_000;
const connectWithinMs = 1_000;
/** A node that is late by more than this is silent, milliseconds. Less is a machine with too much to do. */
const silentAfterMs = 200;
/** Longest pause between two attempts to connect, milliseconds. */
const maxPauseMs = 1_000;

/**
 * One lock Redis. Redlock waits for every node, so each answers, or fails, within the limit.
 *
 * A node that has owed an answer for long is silent: it fails at once for everybody, until the answer comes. What it is
 * asked still goes out, in order: when it wakes up it first learns of the locks that were released meanwhile.
 */
export class LockNode implements ScriptRunner {
  /** Host and port, without credentials. */
  readonly name: string;
  readonly #client: Redis;
  readonly #answerWithinMs: number;
  /** Requests that were not answered within the limit. */
  readonly #overdue = new Set<Promise<unknown>>();
  /** Since when there are any, by the monotonic clock. */
  #overdueSince = 0;

  constructor({ url, answerWithinMs, onError }: LockNodeOptions) {
    this.name = nodeName(url);
    this.#answerWithinMs = answerWithinMs;
    this.#client = new Redis(url, {
      lazyConnect: true,
      // A request that could not be sent or answered fails; it is never sent later, when nobody wants it any more.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      // `commandTimeout` is not used, because it may fire before an answer is read that has come (see #within).
      socketTimeout: brokenAfterMs,
      connectTimeout: connectWithinMs,
      disableClientInfo: true,
      retryStrategy: (attempt) => Math.min(maxPauseMs, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
    });
    this.#client.on('error', (error) => onError(this.name, withoutCommand(error)));
  }

  /** Whether it answers, as far as is known. */
  get isAnswering(): boolean {
    return this.#client.status === 'ready' && this.#overdue.size === 0;
  }

  /** Connects. Never rejects: a node that is away is tried again in the background. */
  async connect(): Promise<void> {
    const waited = Promise.withResolvers<void>();
    const limit = setTimeout(waited.resolve, connectWithinMs);
    await Promise.race([this.#client.connect().catch(() => {}), waited.promise]);
    clearTimeout(limit);
  }

  /**
   * Asks it something.
   *
   * @throws Error when it does not answer within the limit; it may still do what it was asked
   */
  async ask<Answer>(question: (client: Redis) => Promise<Answer>): Promise<Answer> {
    const answer = question(this.#client).catch((error: unknown) => {
      throw withoutCommand(error);
    });
    const isSilent = this.#overdue.size > 0 && performance.now() - this.#overdueSince > silentAfterMs;
    if (!isSilent) return this.#within(answer);
    answer.catch(() => {});
    throw new Error(`The lock node ${this.name} is silent.`);
  }

  evalsha(hash: string, args: readonly (string | number)[], answered: Answered) {
    const [count = 0, ...rest] = args;
    this.#tell((client) => client.evalsha(hash, count, ...rest), answered);
  }

  eval(args: readonly (string | number)[], answered: Answered) {
    const [script = '', count = 0, ...rest] = args;
    this.#tell((client) => client.eval(String(script), count, ...rest), answered);
  }

  /** What was sent still goes out. */
  close(): void {
    this.#client.disconnect();
  }

  #tell(question: (client: Redis) => Promise<unknown>, answered: Answered): void {
    // The package's callbacks return promises of their own, which nobody is to wait for.
    this.ask(question).then(
      (answer) => void answered(null, answer),
      (error: unknown) => void answered(error instanceof Error ? error : new Error(String(error))),
    );
  }

  async #within<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const late = Promise.withResolvers<never>();
    let isSettled = false;
    const judge = () => {
      if (isSettled) return;
      if (this.#overdue.size === 0) this.#overdueSince = performance.now();
      this.#overdue.add(answer);
      answer.catch(() => {}).finally(() => this.#overdue.delete(answer));
      late.reject(new Error(`The lock node ${this.name} did not answer in time.`));
    };
    // A process that was kept from running finds its timers due before it has read what came: read first, then judge.
    const limit = setTimeout(() => setImmediate(judge), this.#answerWithinMs);
    try {
      return await Promise.race([answer, late.promise]);
    } finally {
      isSettled = true;
      clearTimeout(limit);
    }
  }
}

/** ioredis adds the command to an error, and to log in is one: the password must not get into a log. */
function withoutCommand(error: unknown): Error {
  const told = error instanceof Error ? error : new Error(String(error));
  Reflect.deleteProperty(told, 'command');
  return told;
}

/**
 * What a lock node is called: its host and port.
 *
 * @throws TypeError when it is not a URL of a Redis server; without the URL, which may hold a password
 */
export function nodeName(url: string): string {
  const { protocol, hostname, port } = URL.parse(url) ?? {};
  if (hostname === undefined || hostname === '' || (protocol !== 'redis:' && protocol !== 'rediss:')) {
    throw new TypeError('A lock node is named by a redis:// or rediss:// URL.');
  }
  return `${hostname}:${port === '' ? 6379 : port}`;
}
