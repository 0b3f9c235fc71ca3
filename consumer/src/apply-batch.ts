import {
  type ApplyResult,
  type CacheWrite,
  type Clock,
  type EntryStore,
  encodeOperations,
  type Fence,
  type Folded,
  type Key,
  type OperationQueue,
  OperationRefused,
  type OutcomeFeed,
  type OutcomeNotice,
  type QueuedOperation,
  StrataError,
} from '@stratakv/core';
import { type Logger, withoutRedaction } from '@stratakv/service-kit';
import { backoffMs } from './backoff.ts';
import type { CacheUpdates } from './cache-updates.ts';
import type { ConsumerSettings } from './consumer-settings.ts';
import type { Batch } from './intake.ts';
import type { ConsumerMetrics } from './metrics.ts';
import type { PartitionSession } from './partition-session.ts';
import { logSettled } from './write-log.ts';

/*
 * The write path of DESIGN §3, in this order: invalidate, apply, put and notify at once, ack. A crash between any two of
 * them is made good by the redelivery: the operations are known then, their recorded outcomes are told again, and acked.
 * The next batch begins with the commit of this one: markers keep the cache right, whatever comes first there.
 */

export interface BatchApplierOptions {
  readonly store: Pick<EntryStore, 'apply' | 'check'>;
  readonly queue: Pick<OperationQueue, 'deadLetter'>;
  readonly cache: CacheUpdates;
  readonly outcomes: Pick<OutcomeFeed, 'notify'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ConsumerMetrics;
  readonly settings: ConsumerSettings;
  /** Aborted when nothing is to be tried again. */
  readonly signal: AbortSignal;
}

/** An operation on its way, and the subscription it came by. */
interface Item {
  readonly operation: QueuedOperation;
  readonly session: PartitionSession;
}

export class BatchApplier {
  readonly #options: BatchApplierOptions;
  /** For lines of ids and numbers only. */
  readonly #settledLogger: Logger;
  /** Resolves when all that follows the commits before has been done. */
  #finished: Promise<void> = Promise.resolve();

  constructor(options: BatchApplierOptions) {
    this.#options = options;
    this.#settledLogger = withoutRedaction(options.logger);
  }

  /**
   * Applies a batch; when what follows the commit is done, acks it, each delivery on the subscription that brought it.
   * Resolves before that, when no batch but this one is left unfinished. What could not be applied (fence refused, lease
   * lost, closing) is not acked, and its session ends. Never rejects.
   */
  async apply({ deliveries, isSingly }: Batch): Promise<void> {
    const items = deliveries.flatMap(({ session, operations }) =>
      operations.map((operation) => ({ operation, session })),
    );
    const following: Promise<void>[] = [];
    const isDone = isSingly ? await this.#settleEach(items, following) : await this.#settle(items, following);
    const before = this.#finished;
    this.#finished = Promise.all([before, ...following]).then(() => {
      for (const [session, own] of Map.groupBy(deliveries, ({ session }) => session)) {
        // Nobody waits for the ack: a lost one only brings a redelivery of what is known.
        if (isDone) void session.ack(own);
        else session.end(undefined);
      }
    });
    await before;
  }

  /** Resolves when nothing that was applied is unfinished. */
  finish(): Promise<void> {
    return this.#finished;
  }

  async #settleEach(items: readonly Item[], following: Promise<void>[]): Promise<boolean> {
    for (const item of items) if (!(await this.#settle([item], following))) return false;
    return true;
  }

  /**
   * Applies items until it works. False when it was given up: closing.
   *
   * @param following gets what is under way when it resolves
   */
  async #settle(items: readonly Item[], following: Promise<void>[]): Promise<boolean> {
    const { clock, logger, metrics, settings, signal } = this.#options;
    const pauses = { firstMs: settings.backoffMs, maxMs: settings.maxBackoffMs };
    let marker: string | undefined;
    for (let attempt = 0; ; attempt += 1) {
      const left = items.filter(({ session }) => mayGoOn(session));
      if (left.length === 0) return true;
      const keys = keysOf(left);
      // Again before each attempt: the markers must outlast the transaction, however long the database was away.
      marker = await this.#options.cache.invalidate(keys, marker);
      try {
        const result = await this.#transact(left);
        following.push(this.#publish(left, keys, result, marker));
        return true;
      } catch (error) {
        if (error instanceof OperationRefused) return this.#divide(left, error, marker, following);
        metrics.retries.inc();
        logger.warn(
          { err: error, operations: left.length, attempt, traceIds: traceIdsOf(left) },
          'a batch could not be applied and is tried again',
        );
      }
      // Each attempt takes the keys out of the cache. With the database away that is for nothing, and reads need them.
      do {
        if (signal.aborted) return false;
        await clock.sleep(backoffMs(attempt, pauses), signal);
        if (signal.aborted) return false;
      } while (!(await this.#isDatabaseBack()));
    }
  }

  async #isDatabaseBack(): Promise<boolean> {
    try {
      await this.#options.store.check();
      return true;
    } catch {
      return false;
    }
  }

  async #transact(items: readonly Item[]): Promise<ApplyResult> {
    const { store, metrics } = this.#options;
    const startedAt = performance.now();
    const observe = (outcome: string) =>
      metrics.applySeconds.observe({ outcome }, (performance.now() - startedAt) / 1000);
    try {
      const operations = items.map(({ operation }) => operation);
      const result = await store.apply({ fences: fencesOf(items), operations });
      observe('ok');
      metrics.batchOperations.observe(items.length);
      return result;
    } catch (error) {
      observe(error instanceof OperationRefused ? 'refused' : 'failed');
      throw error;
    }
  }

  /** All that follows a commit, except the ack. Never rejects. */
  async #publish(
    items: readonly Item[],
    keys: readonly Key[],
    { refused, folded, writes, asOf }: ApplyResult,
    marker: string,
  ): Promise<void> {
    const { cache, metrics } = this.#options;
    for (const partition of refused) {
      metrics.fenceRefusals.inc();
      sessionOf(items, partition)?.end(new StrataError('unavailable', 'Another consumer raised the fence.'));
    }
    const cacheWrites = writes.map((stored): CacheWrite => ({ stored, asOf }));
    // The markers stand until the put, so whoever is told first and reads then reads the database.
    await Promise.all([cache.put(keys, cacheWrites, marker), this.#notify(folded)]);
    for (const { kind, operation } of folded) if (kind === 'refused') await this.#setAside(items, operation);
    this.#count(folded);
    if (this.#options.settings.logWrites) logSettled(this.#settledLogger, folded);
  }

  async #notify(folded: readonly Folded[]): Promise<void> {
    const { outcomes, logger, metrics } = this.#options;
    const notices: OutcomeNotice[] = [];
    for (const settled of folded) {
      const { replyTo } = settled.operation;
      if (settled.kind !== 'refused' && replyTo !== undefined) notices.push({ replyTo, record: settled.record });
    }
    if (notices.length === 0) return;
    try {
      await outcomes.notify(notices);
    } catch (error) {
      // Whoever waits asks the log too.
      metrics.notifyFailures.inc();
      logger.warn({ err: error, notices: notices.length }, 'waiting gateways could not be told');
    }
  }

  /** An operation older than the log, which may have been applied before: kept for a person. A marker says nothing. */
  async #setAside(items: readonly Item[], operation: QueuedOperation): Promise<void> {
    const { queue, logger, metrics } = this.#options;
    if (operation.action === 'settle') return;
    const session = items.find((item) => item.operation.id === operation.id)?.session;
    if (session === undefined) return;
    try {
      const reason = 'older than the operations log: it may have been applied before';
      const body = encodeOperations([operation]);
      await queue.deadLetter({ partition: session.partition, body, reason, ids: [operation.id] });
      metrics.deadLetters.inc({ reason: 'older-than-log' });
      const { partition } = session;
      logger.error(
        { operation: operation.id, traceId: operation.traceId, partition },
        'an operation older than the log was set aside',
      );
    } catch (cause) {
      session.end(new StrataError('unavailable', 'The queue does not take a dead letter.', { cause }));
    }
  }

  /** Finds the operation the database will never take, and records it failed in its place. The others are applied. */
  async #divide(
    items: readonly Item[],
    cause: OperationRefused,
    marker: string,
    following: Promise<void>[],
  ): Promise<boolean> {
    const [first] = items;
    if (first === undefined) return true;
    if (items.length > 1) {
      const middle = items.length >> 1;
      const isDone = await this.#settle(items.slice(0, middle), following);
      return isDone && (await this.#settle(items.slice(middle), following));
    }
    const { operation, session } = first;
    if (operation.action === 'settle') {
      session.end(cause);
      return true;
    }
    const { traceId } = operation;
    this.#options.logger.error({ err: cause, operation: operation.id, traceId }, 'the database refuses an operation');
    this.#options.metrics.refusedOperations.inc();
    // Nothing was committed nor ever will be, so the key may be cached again at once.
    await this.#options.cache.put(keysOf(items), [], marker);
    const { id, replyTo } = operation;
    return this.#settle([{ operation: { action: 'settle', id, code: 'internal', replyTo }, session }], following);
  }

  #count(folded: readonly Folded[]): void {
    const counts = new Map<string, number>();
    for (const settled of folded) {
      const status = settled.kind === 'settled' ? settled.record.outcome.status : settled.kind;
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
    for (const [status, count] of counts) this.#options.metrics.outcomes.inc({ status }, count);
  }
}

/** Whether what the session brought may be applied. One whose lease has run out ends: its deliveries come again. */
function mayGoOn(session: PartitionSession): boolean {
  if (session.isUsable) return true;
  session.end(new StrataError('unavailable', 'The lease of the partition ran out.'));
  return false;
}

function keysOf(items: readonly Item[]): Key[] {
  const keys = new Set<Key>();
  for (const { operation } of items) if (operation.action !== 'settle') keys.add(operation.key);
  return [...keys];
}

function traceIdsOf(items: readonly Item[]): string[] {
  return items.flatMap(({ operation }) => (operation.action === 'settle' ? [] : (operation.traceId ?? [])));
}

function fencesOf(items: readonly Item[]): Fence[] {
  const fences = new Map<number, Fence>();
  for (const { session } of items) {
    const { fence } = session;
    if (fence !== undefined) fences.set(fence.partition, { partition: fence.partition, token: fence.token });
  }
  return [...fences.values()];
}

function sessionOf(items: readonly Item[], partition: number): PartitionSession | undefined {
  return items.find(({ session }) => session.partition === partition)?.session;
}
