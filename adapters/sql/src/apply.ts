import {
  type ApplyBatch,
  type ApplyResult,
  type EntryState,
  type Fence,
  type Folded,
  type FoldResult,
  fold,
  type IdempotencyRecord,
  type Key,
  type OperationId,
  type OperationRecord,
  OperationRefused,
  operationCreatedAt,
  operationPartition,
  type QueuedOperation,
} from '@stratakv/core';
import { byteaArray, int8Array } from './binary-array.ts';
import { getEntryStates, putEntries } from './entry-sql.ts';
import { type EntryWrite, entryWriteValues, noEntryValues, readEntryStates } from './entry-table.ts';
import { isDataError } from './failure.ts';
import { addOperations, getIdentities, getOperations } from './operation-sql.ts';
import { operationValues, readIdentities, readOperations, type Settled } from './operation-table.ts';
import { markApplied, passFence, readClock } from './partition-sql.ts';
import type { Session } from './session.ts';

/*
 * One batch in one transaction (DESIGN §3, step 2), in two round trips: fences, log rows, entries and the clock are
 * asked for at once, then everything is written and committed at once. The fences come first and in the order of their
 * partitions, so that two writers with the same partitions never wait for each other in a circle. What is looked up
 * behind them is what stands until the commit.
 */

/** A partition of the batch, ours until the commit. */
interface Held {
  readonly floor: number;
  readonly horizon: number;
}

interface Found {
  readonly held: ReadonlyMap<number, Held>;
  readonly records: ReadonlyMap<OperationId, OperationRecord>;
  readonly identities: ReadonlyMap<string, IdempotencyRecord>;
  readonly entries: ReadonlyMap<Key, EntryState>;
  readonly nowMicros: number;
}

/** Applies a batch on a session. Begins and commits; whoever calls rolls back when it rejects. */
export async function applyBatch(
  session: Session,
  begin: () => Promise<void>,
  { fences, operations }: ApplyBatch,
): Promise<ApplyResult> {
  const found = await lookUpBehind(session, begin, fences, operations);
  const taken = operations.filter((operation) => found.held.has(operationPartition(operation.id)));
  const refused = fences.map(({ partition }) => partition).filter((partition) => !found.held.has(partition));
  const nowMs = Math.floor(found.nowMicros / 1000);
  const plan = orRefuse(() => planBatch(taken, found, nowMs));
  await write(session, plan);
  return { refused, folded: plan.folded, writes: plan.writes, asOf: nowMs };
}

async function lookUpBehind(
  session: Session,
  begin: () => Promise<void>,
  fences: readonly Fence[],
  operations: readonly QueuedOperation[],
): Promise<Found> {
  const ordered = [...fences].sort((a, b) => a.partition - b.partition);
  const keys: Key[] = [];
  const identities: string[] = [];
  for (const operation of operations) {
    if (operation.action === 'settle') continue;
    keys.push(operation.key);
    if (operation.idempotency !== undefined) identities.push(operation.idempotency.identity);
  }
  const asked = [
    prepareLarge(session),
    begin(),
    Promise.all(ordered.map(({ partition, token }) => session.ask<Held>(passFence, [partition, token]))),
    readOperations(
      session,
      operations.map(({ id }) => id),
    ),
    readIdentities(session, identities),
    readEntryStates(session, keys),
    session.ask<{ micros: number }>(readClock),
  ] as const;
  const [, , passes, records, known, entries, clock] = await Promise.all(asked);
  const held = new Map<number, Held>();
  for (const [index, [row]] of passes.entries()) {
    if (row !== undefined) held.set((ordered[index] as Fence).partition, row);
  }
  return { held, records, identities: known, entries, nowMicros: clock[0]?.micros ?? Number.NaN };
}

/**
 * Has the statements that take whole batches prepared on a new connection, before the transaction. A consumer that is
 * stopped in the middle of a message holds its fences until the server gives it up; PostgreSQL counts that as idle in
 * the transaction only when nothing of the same statement was sent before (measured).
 */
async function prepareLarge(session: Session): Promise<void> {
  const statements = [getOperations, getIdentities, getEntryStates, putEntries, addOperations];
  if (statements.every((statement) => session.hasPrepared(statement))) return;
  const none = byteaArray([]);
  await Promise.all([
    session.ask(getOperations, [none]),
    session.ask(getIdentities, [none]),
    session.ask(getEntryStates, [none]),
    session.ask(putEntries, noEntryValues()),
    session.ask(addOperations, operationValues([], new Map(), 0)),
  ]);
}

async function write(session: Session, plan: ReturnType<typeof planBatch>): Promise<void> {
  try {
    await Promise.all([
      ...plan.entryValues.map((values) => session.ask(putEntries, values)),
      plan.operationValues && session.ask(addOperations, plan.operationValues),
      session.ask(markApplied, plan.marks),
      session.commit(),
    ]);
  } catch (error) {
    throw isDataError(error) ? new OperationRefused(error) : error;
  }
}

/** All that is written, made before the first of it is sent. */
function planBatch(taken: readonly QueuedOperation[], found: Found, nowMs: number) {
  const results = foldEach(taken, found);
  const folded = inOrder(taken, results);
  const claims = new Map([...results.values()].flatMap((result) => [...result.claims]));
  const entryWrites: EntryWrite[] = [];
  for (const [partition, { writes }] of results) {
    for (const stored of writes.values()) entryWrites.push({ stored, partition });
  }
  const settled = folded.filter((each): each is Settled => each.kind === 'settled');
  return {
    folded,
    writes: entryWrites.map(({ stored }) => stored),
    entryValues: entryWriteValues(entryWrites, nowMs),
    operationValues: settled.length === 0 ? undefined : operationValues(settled, claims, nowMs),
    marks: marksOf(taken, found, nowMs),
  };
}

/**
 * Folds each partition's operations by themselves: the log goes back differently far in each. No operation depends on
 * one of another partition, since keys and identities belong to one.
 */
function foldEach(taken: readonly QueuedOperation[], found: Found): Map<number, FoldResult> {
  const { held, ...shared } = found;
  const floors = new Map([...held].map(([partition, { floor }]) => [partition, floor]));
  const results = new Map<number, FoldResult>();
  for (const [partition, operations] of Map.groupBy(taken, ({ id }) => operationPartition(id))) {
    const logHorizon = held.get(partition)?.horizon ?? 0;
    results.set(partition, fold({ ...shared, operations, floors, logHorizon }));
  }
  return results;
}

function inOrder(taken: readonly QueuedOperation[], results: ReadonlyMap<number, FoldResult>): Folded[] {
  const next = new Map([...results].map(([partition, { folded }]) => [partition, folded.values()]));
  return taken.map(({ id }) => next.get(operationPartition(id))?.next().value as Folded);
}

/** When the newest operation of each partition was made; not after now, whatever the clock of a gateway says. */
function marksOf(taken: readonly QueuedOperation[], { held }: Found, nowMs: number): Buffer[] {
  const made = new Map([...held.keys()].map((partition) => [partition, 0]));
  for (const { id } of taken) {
    const partition = operationPartition(id);
    made.set(partition, Math.max(made.get(partition) ?? 0, Math.min(nowMs, operationCreatedAt(id))));
  }
  return [int8Array([...made.keys()]), int8Array([...made.values()])];
}

/** What fails without the database fails again with the same operations: one of them has to be found. */
function orRefuse<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new OperationRefused(cause);
  }
}
