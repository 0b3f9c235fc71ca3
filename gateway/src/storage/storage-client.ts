import {
  type Clock,
  decodeFingerprintAnswer,
  decodeInstallation,
  decodeOperationsAnswer,
  decodeScanPage,
  encodeFingerprintRequest,
  encodeOperationsRequest,
  encodeScanQuery,
  type InstallationState,
  type LeveledRead,
  type OperationId,
  type OperationRecord,
  type PendingAnswer,
  type ScanPage,
  type ScanQuery,
  type Storage,
  StrataError,
} from '@stratakv/core';
import { NodeDirectory, type NodeDirectoryOptions } from './node-directory.ts';
import { ReadBatch } from './read-batch.ts';
import type { Lane, StorageNode } from './storage-node.ts';

export interface StorageClientOptions extends NodeDirectoryOptions {
  readonly clock: Clock;
  /** How long a call other than a read may take, milliseconds, both attempts together. */
  readonly timeoutMs: number;
  /** How long a node may take to begin its answer to a batch of reads, which waits for the cache alone; milliseconds. */
  readonly firstAnswerMs: number;
  /** Told of each attempt: how it ended, and how long it took in seconds. */
  readonly observe: (outcome: 'ok' | 'failed', isRetry: boolean, seconds: number) => void;
}

const attempts = 2;
/** What goes wrong at the node asked, or behind it, and may go well at another. */
const elsewhere: ReadonlySet<string> = new Set(['unavailable', 'overloaded', 'internal']);

/**
 * The storage nodes as one Storage: each call goes to the node with the least to do, and once to another when that
 * fails. Only reads travel here, so trying again is always safe.
 */
export class StorageClient implements Storage {
  readonly #nodes: NodeDirectory;
  readonly #options: StorageClientOptions;

  private constructor(nodes: NodeDirectory, options: StorageClientOptions) {
    this.#nodes = nodes;
    this.#options = options;
  }

  static async open(options: StorageClientOptions): Promise<StorageClient> {
    return new StorageClient(await NodeDirectory.open(options), options);
  }

  /** How many nodes there are, and how many of them failed lately. */
  get nodes(): { readonly known: number; readonly suspect: number } {
    const { all } = this.#nodes;
    return { known: all.length, suspect: all.filter(({ isSuspect }) => isSuspect).length };
  }

  async readEach(reads: readonly LeveledRead[], deadline: number): Promise<readonly PendingAnswer[]> {
    const isDirect = ({ level }: LeveledRead) => level.noCache;
    const direct = this.#send(reads.filter(isDirect), 'database', deadline);
    const cached = this.#send(
      reads.filter((read) => !isDirect(read)),
      'cache',
      deadline,
    );
    // Past the cache nothing is there at once.
    await cached.begun;
    const [fromDatabase, fromCache] = [direct.pending().values(), cached.pending().values()];
    return reads.map((read) => (isDirect(read) ? fromDatabase : fromCache).next().value as PendingAnswer);
  }

  #send(reads: readonly LeveledRead[], lane: Lane, deadline: number): ReadBatch {
    const batch = new ReadBatch(reads);
    void this.#readBatch(batch, lane, deadline);
    return batch;
  }

  scan(query: ScanQuery): Promise<ScanPage> {
    return this.#ask('/scan', encodeScanQuery(query), (body) => decodeScanPage(body, query.limit));
  }

  operations(ids: readonly OperationId[]): Promise<readonly (OperationRecord | undefined)[]> {
    const decode = (body: Buffer) => decodeOperationsAnswer(body, ids.length);
    return this.#ask('/operations', encodeOperationsRequest(ids), decode);
  }

  fingerprint(identity: string): Promise<string | undefined> {
    return this.#ask('/fingerprint', encodeFingerprintRequest(identity), decodeFingerprintAnswer);
  }

  installation(): Promise<InstallationState> {
    return this.#ask('/installation', new Uint8Array(0), decodeInstallation);
  }

  /** Rejects when no node is ready, with the reason of one. */
  async check(): Promise<void> {
    const signal = AbortSignal.timeout(900);
    const { all } = this.#nodes;
    if (all.length === 0) throw new StrataError('unavailable', 'No storage node is known.');
    const checks = all.map((node) => node.checkReady(signal));
    try {
      await Promise.any(checks);
    } catch (error) {
      const [first] = error instanceof AggregateError ? error.errors : [error];
      throw new StrataError('unavailable', `No storage node is ready; one says: ${reasonOf(first)}.`, { cause: first });
    }
  }

  close(): Promise<void> {
    return this.#nodes.close();
  }

  async #readBatch(batch: ReadBatch, lane: Lane, deadline: number): Promise<void> {
    const tried = new Set<StorageNode>();
    let isOverloaded = false;
    for (let failures = 0; failures < attempts && !batch.isComplete; ) {
      const remainingMs = deadline - this.#options.clock.now();
      const node = this.#nodes.choose(tried);
      if (node === undefined || remainingMs <= 0) break;
      try {
        // A node leaves out what would make its answer too large: then the rest is asked for anew.
        await this.#observed(failures, () => this.#attempt(node, batch, lane, remainingMs));
      } catch (error) {
        failures += 1;
        tried.add(node);
        isOverloaded = error instanceof StrataError && error.code === 'overloaded';
        if (!isOverloaded) node.suspect();
      }
    }
    batch.settleAll({ kind: 'problem', code: isOverloaded ? 'overloaded' : 'unavailable' });
  }

  async #attempt(node: StorageNode, batch: ReadBatch, lane: Lane, remainingMs: number): Promise<void> {
    const abort = new AbortController();
    const cut = (ms: number, what: string) => setTimeout(() => abort.abort(new Error(what)), ms);
    // Half of the time at most, so that a frozen node leaves enough for another one.
    const beginMs = Math.min(this.#options.firstAnswerMs, remainingMs / 2);
    const first = cut(beginMs, 'The storage node did not begin to answer.');
    const last = cut(remainingMs, 'The storage node did not finish its answer in time.');
    const { left } = batch;
    const { body, take } = batch.request(remainingMs);
    try {
      await node.stream(lane, body, abort.signal, (chunk) => {
        clearTimeout(first);
        take(chunk);
      });
      if (batch.left === left) throw new Error('The storage node left the reads without an answer.');
    } finally {
      clearTimeout(first);
      clearTimeout(last);
    }
  }

  async #ask<T>(path: string, body: Uint8Array, decode: (body: Buffer) => T): Promise<T> {
    const { clock, timeoutMs } = this.#options;
    const deadline = clock.now() + timeoutMs;
    const tried = new Set<StorageNode>();
    let failure: unknown;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const node = this.#nodes.choose(tried);
      if (node === undefined) break;
      tried.add(node);
      const remainingMs = Math.max(1, deadline - clock.now());
      const signal = AbortSignal.timeout(Math.ceil(remainingMs / (attempts - attempt)));
      try {
        return await this.#observed(attempt, async () => decode(await node.ask(path, body, signal)));
      } catch (error) {
        failure = error;
        if (!(error instanceof StrataError)) node.suspect();
        else if (!elsewhere.has(error.code)) throw error;
      }
    }
    if (failure instanceof StrataError) throw failure;
    throw new StrataError('unavailable', 'No storage node answers.', { cause: failure });
  }

  async #observed<T>(attempt: number, call: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    let outcome: 'ok' | 'failed' = 'failed';
    try {
      const result = await call();
      outcome = 'ok';
      return result;
    } finally {
      this.#options.observe(outcome, attempt > 0, (performance.now() - startedAt) / 1000);
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
