import fc from 'fast-check';
import {
  type EntryState,
  type FoldInput,
  type FoldResult,
  type IdempotencyRecord,
  isTombstone,
  type Key,
  type Operation,
  type OperationId,
  type OperationRecord,
  operationPartition,
  parseKey,
  partitionOf,
  type QueuedOperation,
  type Version,
} from '../src/index.ts';
import { idOf } from './arbitraries.ts';

/** A time in the middle of the generated ones, so that entries expire and ids leave the log around it. */
export const baseMs = 1_763_702_400_000;

const partitionCount = 4;
const keys = ['a', 'b/c', 'd', 'ключ', 'e%2F'].map(parseKey);

/** What a database would hold: a model for folding one batch after another. */
export interface World {
  readonly entries: Map<Key, EntryState>;
  readonly records: Map<OperationId, OperationRecord>;
  readonly identities: Map<string, IdempotencyRecord>;
  readonly floors: Map<number, Version>;
}

export function copyOf({ entries, records, identities, floors }: World): World {
  return {
    entries: new Map(entries),
    records: new Map(records),
    identities: new Map(identities),
    floors: new Map(floors),
  };
}

export function inputOf(world: World, operations: readonly QueuedOperation[], nowMicros: number): FoldInput {
  return { ...copyOf(world), operations, nowMicros, logHorizon: baseMs - 100 };
}

/** Does to the world what a transaction would write. */
export function commit(world: World, { folded, writes, claims }: FoldResult): void {
  for (const [key, stored] of writes) {
    const { version } = stored;
    const isDeleted = isTombstone(stored);
    world.entries.set(key, { version, isDeleted, expiresAt: isTombstone(stored) ? undefined : stored.expiresAt });
  }
  for (const one of folded) {
    if (one.kind !== 'settled') continue;
    const { id, outcome } = one.record;
    world.records.set(id, one.record);
    const identity = claims.get(id);
    if (identity === undefined || one.operation.action === 'settle') continue;
    world.identities.set(identity, { fingerprint: one.operation.idempotency?.fingerprint ?? '', outcome });
  }
}

/** Removes what is deleted or expired and raises the floors over it, as the background clean-up does. */
export function cleanUp(world: World, nowMs: number): void {
  for (const [key, { version, isDeleted, expiresAt }] of world.entries) {
    if (!isDeleted && (expiresAt === undefined || expiresAt > nowMs)) continue;
    const partition = partitionOf(key, partitionCount);
    world.floors.set(partition, Math.max(world.floors.get(partition) ?? 0, version));
    world.entries.delete(key);
  }
}

const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

/** Versions near those that folding at `baseMs` gives, so that conditions sometimes hold. */
const nearVersion = fc.oneof(
  fc.integer({ min: 1, max: 3 }),
  fc.integer({ min: -2, max: 6 }).map((step) => baseMs * 1000 + step),
);

const anyAttempt: fc.Arbitrary<(serial: number) => Operation> = fc
  .record({
    isPut: fc.boolean(),
    key: fc.constantFrom(...keys),
    createdAt: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: baseMs - 100, max: baseMs }) },
      { weight: 1, arbitrary: fc.integer({ min: baseMs - 110, max: baseMs - 99 }) },
    ),
    condition: option(
      fc.oneof(
        nearVersion.map((version) => ({ kind: 'version' as const, version })),
        fc.constantFrom({ kind: 'present' as const }, { kind: 'absent' as const }),
      ),
    ),
    idempotency: option(
      fc.record({ identity: fc.constantFrom('i', 'j', 'k'), fingerprint: fc.constantFrom('f', 'f', 'f', 'g') }),
    ),
    ttlSeconds: option(fc.integer({ min: 1, max: 3 })),
  })
  .map(({ isPut, key, createdAt, condition, idempotency, ttlSeconds }) => (serial) => {
    const id = idOf(createdAt, partitionOf(key, partitionCount), serial);
    const write = { id, key, condition, idempotency, replyTo: undefined, traceId: undefined };
    if (!isPut) return { action: 'delete', ...write };
    const value = Buffer.from(`value ${serial}`);
    return { action: 'put', ...write, value, contentType: 'text/plain', meta: [], ttlSeconds };
  });

/** Operations of several partitions with redeliveries and settle markers among them, before and after what they are about. */
export const anyTraffic: fc.Arbitrary<readonly QueuedOperation[]> = fc
  .array(anyAttempt, { minLength: 1, maxLength: 12 })
  .map((makers) => makers.map((make, serial) => make(serial)))
  .chain((attempts) => {
    const again = fc.constantFrom(...attempts);
    const marker = again.map(
      ({ id }): QueuedOperation => ({ action: 'settle', id, code: 'not-accepted', replyTo: undefined }),
    );
    const more = fc.array(fc.oneof(again, marker), { maxLength: 6 });
    return more.chain((extra) =>
      fc.shuffledSubarray([...attempts, ...extra], {
        minLength: attempts.length,
        maxLength: attempts.length + extra.length,
      }),
    );
  });

const anyState: fc.Arbitrary<EntryState> = fc
  .record({
    version: nearVersion,
    isDeleted: fc.boolean(),
    expiresAt: option(fc.integer({ min: baseMs - 2, max: baseMs + 2000 })),
  })
  .map((state) => (state.isDeleted ? { ...state, expiresAt: undefined } : state));

/** Some entries and tombstones, floors above and below the clock, an identity and, once in a while, a known id. */
export const anyWorld: fc.Arbitrary<World> = fc
  .record({
    states: fc.array(option(anyState), { minLength: keys.length, maxLength: keys.length }),
    floors: fc.array(option(nearVersion), { minLength: partitionCount, maxLength: partitionCount }),
    isClaimed: fc.boolean(),
  })
  .map(({ states, floors, isClaimed }) => {
    const world: World = { entries: new Map(), records: new Map(), identities: new Map(), floors: new Map() };
    for (const [index, key] of keys.entries()) {
      const state = states[index];
      if (state !== undefined) world.entries.set(key, state);
    }
    for (const [partition, floor] of floors.entries()) if (floor !== undefined) world.floors.set(partition, floor);
    const outcome = { status: 'applied', version: 2, isCreated: true, expiresAt: undefined } as const;
    if (isClaimed) world.identities.set('k', { fingerprint: 'f', outcome });
    return world;
  });

/** The database's clock, microseconds since 1970. It may go back between two batches. */
export const anyNowMicros = fc.integer({ min: -3_000_000, max: 3_000_000 }).map((step) => baseMs * 1000 + step);

/** The partitions that operations name. */
export function partitionsOf(operations: readonly QueuedOperation[]): Set<number> {
  return new Set(operations.map(({ id }) => operationPartition(id)));
}
