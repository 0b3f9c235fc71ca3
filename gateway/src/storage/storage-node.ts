import { problemCode, StrataError } from '@stratakv/core';
import { type Dispatcher, Pool } from 'undici';

export interface StorageNodeOptions {
  /** Connections to one node at a time in each lane; requests beyond wait for one. */
  readonly maxConnections: number;
  readonly connectTimeoutMs: number;
}

/** What a storage node answered, other than success. */
export class StorageNodeFailure extends Error {
  override name = 'StorageNodeFailure';
}

const headers = { 'content-type': 'application/octet-stream' };

/** Less than the 72 s after which the node closes an idle connection: the side that sends must be the one to give up. */
const keepAliveMs = 60_000;

/**
 * What a call waits for at the node. Each has connections of its own, so that with a database that hangs, reads of it
 * take none away from those that the cache answers.
 */
export type Lane = 'cache' | 'database';

/** One storage node, over a few kept-alive connections. */
export class StorageNode {
  readonly origin: string;
  readonly #pools: Readonly<Record<Lane, Pool>>;
  #inFlight = 0;
  #isSuspect = false;

  constructor(origin: string, { maxConnections, connectTimeoutMs }: StorageNodeOptions) {
    this.origin = origin;
    const options = {
      connections: maxConnections,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMs,
      // Each call has its own deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#pools = { cache: new Pool(origin, options), database: new Pool(origin, options) };
  }

  /** Requests that have no answer yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Whether its last call failed; it is left alone until a probe succeeds. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  suspect(): void {
    this.#isSuspect = true;
  }

  /**
   * Sends a message and returns the answer whole.
   *
   * @throws StrataError what the node answered as a problem; anything else: the node did not answer
   */
  async ask(path: string, body: Uint8Array, signal: AbortSignal): Promise<Buffer> {
    return this.#counted(async () => {
      const answer = await this.#pools.database.request({ path, method: 'POST', body, headers, signal });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      if (answer.statusCode === 200) return bytes;
      throw failureOf(answer.statusCode, bytes);
    });
  }

  /** Sends a batch of reads; each chunk of the answer goes to `onData`. Rejects as `ask` does, or when `onData` throws. */
  async stream(lane: Lane, body: Uint8Array, signal: AbortSignal, onData: (chunk: Buffer) => void): Promise<void> {
    await this.#counted(
      () =>
        new Promise<void>((resolve, reject) => {
          const handler = streamHandler(signal, onData, resolve, reject);
          this.#pools[lane].dispatch({ path: '/read', method: 'POST', body, headers }, handler);
        }),
    );
  }

  /** Whether it can do its work: throws with its reason when not. */
  async checkReady(signal: AbortSignal): Promise<void> {
    const { statusCode, body } = await this.#pools.cache.request({ path: '/readyz', method: 'GET', signal });
    const text = await body.text();
    if (statusCode !== 200) throw new StorageNodeFailure(failedChecks(text));
  }

  /** Asks whether it is alive; if so, it is no longer suspect. Never rejects. */
  async probe(signal: AbortSignal): Promise<void> {
    try {
      const { body, statusCode } = await this.#pools.cache.request({ path: '/healthz', method: 'GET', signal });
      await body.dump();
      if (statusCode === 200) this.#isSuspect = false;
    } catch {
      this.#isSuspect = true;
    }
  }

  /** Lets the calls under way finish, up to `graceMs` milliseconds, then cuts them. */
  async close(graceMs = 1000): Promise<void> {
    const pools = Object.values(this.#pools);
    const timer = setTimeout(() => pools.map((pool) => pool.destroy()), graceMs);
    await Promise.allSettled(pools.map((pool) => pool.close()));
    clearTimeout(timer);
  }

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await call();
    } finally {
      this.#inFlight -= 1;
    }
  }
}

/** Undici's lowest layer: a stream object and its events cost more than the rest of a batch of small reads. */
function streamHandler(
  signal: AbortSignal,
  onData: (chunk: Buffer) => void,
  resolve: () => void,
  reject: (error: Error) => void,
): Dispatcher.DispatchHandler {
  let status = 0;
  let refusal: Buffer[] = [];
  let onAbort = () => {};
  return {
    onRequestStart(controller) {
      onAbort = () => controller.abort(asError(signal.reason));
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort);
    },
    onResponseStart(_controller, statusCode) {
      status = statusCode;
      refusal = [];
    },
    onResponseData(controller, chunk) {
      if (status !== 200) {
        refusal.push(chunk);
        return;
      }
      try {
        onData(chunk);
      } catch (error) {
        controller.abort(asError(error));
      }
    },
    onResponseEnd() {
      signal.removeEventListener('abort', onAbort);
      if (status === 200) resolve();
      else reject(failureOf(status, Buffer.concat(refusal)));
    },
    onResponseError(_controller, error) {
      signal.removeEventListener('abort', onAbort);
      reject(error);
    },
  };
}

function failureOf(status: number, body: Buffer): Error {
  try {
    const { type, detail } = JSON.parse(body.toString()) as { readonly type?: unknown; readonly detail?: unknown };
    const code = /^urn:stratakv:problem:([\w-]+)$/.exec(String(type))?.[1];
    if (code !== undefined) return new StrataError(problemCode(code), String(detail));
  } catch {
    // Not a problem document: told below.
  }
  return new StorageNodeFailure(`A storage node answered ${status}.`);
}

/** The names of the failed checks in the body of /readyz. */
function failedChecks(text: string): string {
  try {
    const { checks } = JSON.parse(text) as { readonly checks?: Readonly<Record<string, { readonly status?: string }>> };
    const failed = Object.entries(checks ?? {}).filter(([, { status }]) => status === 'failed');
    return `not ready: ${failed.map(([name]) => name).join(', ')}`;
  } catch {
    return 'not ready';
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
