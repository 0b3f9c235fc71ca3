import {
  type Clock,
  type Idempotency,
  type Key,
  type Operation,
  type OperationId,
  type OperationIds,
  type OperationRecord,
  partitionOf,
  type Storage,
  StrataError,
} from '@stratakv/core';
import type { OutcomeWaiters } from './outcome-waiters.ts';
import { operationPath } from './receipt.ts';
import type { WritePublisher } from './write-publisher.ts';

/** A write as a request asks for it, all but its id and who waits for it. */
export type RequestedWrite = Operation extends infer Write ? (Write extends Operation ? Unsent<Write> : never) : never;
type Unsent<Write extends Operation> = Omit<Write, 'id' | 'replyTo'>;

export interface SubmitDeps {
  readonly publisher: WritePublisher;
  readonly waiters: OutcomeWaiters;
  readonly storage: Pick<Storage, 'fingerprint' | 'operations'>;
  readonly ids: OperationIds;
  readonly partitionCount: number;
  readonly clock: Clock;
  /** Ids are never made earlier than this: milliseconds since 1970. */
  readonly notBefore: () => number;
}

export interface SubmittedWrite {
  readonly id: OperationId;
  /** The outcome; undefined when it did not come in time or nobody waited for it. */
  readonly record: OperationRecord | undefined;
  /** Milliseconds until the queue confirmed. */
  readonly queuedMs: number;
}

/**
 * Queues a write, once, and waits for its outcome up to `waitMs` if that is more than 0. `onConfirmed` is called when the
 * queue has it.
 *
 * @throws StrataError `idempotency-conflict` when the log already shows it; what publishing throws: of these only
 * `outcome-unknown` names the operation, since only then it may still be applied
 */
export async function submitWrite(
  deps: SubmitDeps,
  write: RequestedWrite,
  waitMs: number,
  onConfirmed: () => void,
): Promise<SubmittedWrite> {
  const { publisher, waiters, ids, clock } = deps;
  if (write.idempotency !== undefined) await refuseConflict(deps, write.key, write.idempotency);
  const partition = partitionOf(write.key, deps.partitionCount);
  const startedAt = clock.now();
  // An id from behind the log's horizon would not be told from one that was applied and forgotten.
  const id = ids.create(partition, Math.max(startedAt, deps.notBefore()));
  const waiter = waitMs > 0 ? waiters.wait(id, waitMs) : undefined;
  try {
    await publisher.publish(partition, { ...write, id, replyTo: waiter && waiters.replyTo });
    onConfirmed();
    const queuedMs = clock.now() - startedAt;
    return { id, record: waiter && (await outcomeOf(deps, id, waiter.outcome)), queuedMs };
  } catch (error) {
    throw nameOperation(error, id);
  } finally {
    waiter?.end();
  }
}

/** Notices come within milliseconds. A write without one is looked up in the log, after that time and then ever less often. */
const firstLookMs = 250;

/** The outcome; undefined when it did not come before `told` gave up. The notice of it may get lost on its way. */
async function outcomeOf(
  { storage, clock }: Pick<SubmitDeps, 'storage' | 'clock'>,
  id: OperationId,
  told: Promise<OperationRecord | undefined>,
): Promise<OperationRecord | undefined> {
  const settled = new AbortController();
  // Without a reason of one's own, an error is made for each.
  const notice = told.finally(() => settled.abort('settled'));
  for (let pauseMs = firstLookMs; ; pauseMs *= 2) {
    const record = await Promise.race([notice, clock.sleep(pauseMs, settled.signal)]);
    if (record !== undefined) return record;
    // The sleep that the outcome cuts short may end before the outcome is here.
    if (settled.signal.aborted) return (await told) ?? lookUp(storage, id);
    const found = await Promise.race([notice, lookUp(storage, id)]);
    if (found !== undefined) return found;
  }
}

async function lookUp(storage: Pick<Storage, 'operations'>, id: OperationId): Promise<OperationRecord | undefined> {
  const [record] = await storage.operations([id]).catch(() => []);
  return record;
}

/** With a database that hangs, writes are taken all the same. */
const conflictWithinMs = 250;

async function refuseConflict(
  { storage, clock }: Pick<SubmitDeps, 'storage' | 'clock'>,
  key: Key,
  idempotency: Idempotency,
): Promise<void> {
  // Only a quick answer: the comparison that counts is made when the write is applied.
  const answer = storage.fingerprint(idempotency.identity).catch(() => undefined);
  const known = await Promise.race([answer, clock.sleep(conflictWithinMs)]);
  if (known === undefined || known === idempotency.fingerprint) return;
  throw new StrataError(
    'idempotency-conflict',
    'This Idempotency-Key was used for a write that asked for something else.',
    { extensions: { key } },
  );
}

function nameOperation(error: unknown, id: OperationId): unknown {
  if (!(error instanceof StrataError) || error.code !== 'outcome-unknown') return error;
  const extensions = { ...error.extensions, operation: operationPath(id) };
  return new StrataError(error.code, error.message, { cause: error.cause, extensions });
}
