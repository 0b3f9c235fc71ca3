import {
  type Folded,
  type IdempotencyRecord,
  type OperationId,
  type OperationRecord,
  type Outcome,
  problemCode,
} from '@stratakv/core';
import { boolArray, byteaArray, int8Array, textArray } from './binary-array.ts';
import { keyBytes, keyOf } from './entry-table.ts';
import { getIdentities, getOperations } from './operation-sql.ts';
import type { Session } from './session.ts';

/*
 * The operations log, as rows and back. An id is stored with its partition before its time: so each partition's rows
 * lie together, oldest first, and writes go to as many places of the table as there are partitions.
 */

const timeBytes = 6;
const partitionBytes = 2;

function idBytes(id: OperationId): Uint8Array {
  const own = Buffer.from(id, 'base64url');
  const stored = Buffer.from(own);
  own.copy(stored, 0, timeBytes, timeBytes + partitionBytes);
  own.copy(stored, partitionBytes, 0, timeBytes);
  return stored;
}

function idOf(stored: Buffer): OperationId {
  const own = Buffer.from(stored);
  stored.copy(own, 0, partitionBytes, partitionBytes + timeBytes);
  stored.copy(own, timeBytes, 0, partitionBytes);
  return own.toString('base64url') as OperationId;
}

/** What the stored ids of a partition begin with that were made at a time, milliseconds since 1970. */
export function firstIdAt(partition: number, ms: number): Uint8Array {
  const first = Buffer.alloc(partitionBytes + timeBytes);
  first.writeUInt16BE(partition, 0);
  first.writeUIntBE(Math.max(0, Math.floor(ms)), partitionBytes, timeBytes);
  return first;
}

interface OutcomeRow {
  readonly status: string;
  readonly version: number | null;
  readonly is_created: boolean | null;
  readonly expires_at: number | null;
  readonly code: string | null;
}

interface OperationRow extends OutcomeRow {
  readonly id: Buffer;
  readonly action: 'put' | 'delete' | null;
  readonly key: Buffer | null;
  readonly settled_at: number;
}

/** The log rows of these ids. */
export async function readOperations(
  session: Session,
  ids: Iterable<OperationId>,
): Promise<Map<OperationId, OperationRecord>> {
  const stored = [...new Set(ids)].map(idBytes);
  const rows = await session.ask<OperationRow>(getOperations, [byteaArray(stored)]);
  return new Map(rows.map((row) => [idOf(row.id), recordOf(row)]));
}

interface IdentityRow extends OutcomeRow {
  readonly identity: Buffer;
  readonly fingerprint: Buffer;
}

/** The first outcomes under these identities. */
export async function readIdentities(
  session: Session,
  identities: Iterable<string>,
): Promise<Map<string, IdempotencyRecord>> {
  const stored = [...new Set(identities)].map((identity) => Buffer.from(identity));
  if (stored.length === 0) return new Map();
  const rows = await session.ask<IdentityRow>(getIdentities, [byteaArray(stored)]);
  return new Map(
    rows.map((row) => [row.identity.toString(), { fingerprint: row.fingerprint.toString(), outcome: outcomeOf(row) }]),
  );
}

export type Settled = Extract<Folded, { kind: 'settled' }>;

/** The values of `addOperations`. `claims` has the identities that got their first outcome, by operation. */
export function operationValues(
  settled: readonly Settled[],
  claims: ReadonlyMap<OperationId, string>,
  nowMs: number,
): unknown[] {
  const rows = settled
    .map(({ operation, record }) => ({ operation, record, id: idBytes(record.id), outcome: record.outcome }))
    .sort((a, b) => Buffer.compare(a.id, b.id));
  const identities = rows.map(({ record }) => claims.get(record.id));
  return [
    byteaArray(rows.map(({ id }) => id)),
    textArray(rows.map(({ record }) => record.action ?? null)),
    byteaArray(rows.map(({ record }) => (record.key === undefined ? null : keyBytes(record.key)))),
    textArray(rows.map(({ outcome }) => outcome.status)),
    int8Array(rows.map(({ outcome }) => versionOf(outcome) ?? null)),
    boolArray(rows.map(({ outcome }) => (outcome.status === 'applied' ? outcome.isCreated : null))),
    int8Array(rows.map(({ outcome }) => (outcome.status === 'applied' ? (outcome.expiresAt ?? null) : null))),
    textArray(rows.map(({ outcome }) => (outcome.status === 'applied' ? null : outcome.code))),
    byteaArray(identities.map((identity) => (identity === undefined ? null : Buffer.from(identity)))),
    byteaArray(rows.map(({ operation }, index) => fingerprintOf(operation, identities[index]))),
    nowMs,
  ];
}

function fingerprintOf(operation: Settled['operation'], identity: string | undefined): Uint8Array | null {
  if (identity === undefined || operation.action === 'settle') return null;
  return Buffer.from(operation.idempotency?.fingerprint ?? '');
}

function versionOf(outcome: Outcome): number | undefined {
  if (outcome.status === 'applied') return outcome.version;
  return outcome.status === 'rejected' ? outcome.currentVersion : undefined;
}

function recordOf(row: OperationRow): OperationRecord {
  const key = row.key === null ? undefined : keyOf(row.key);
  return { id: idOf(row.id), action: row.action ?? undefined, key, outcome: outcomeOf(row), settledAt: row.settled_at };
}

function outcomeOf(row: OutcomeRow): Outcome {
  const version = row.version ?? undefined;
  if (row.status === 'applied') {
    return { status: 'applied', version, isCreated: row.is_created === true, expiresAt: row.expires_at ?? undefined };
  }
  const code = problemCode(row.code ?? 'internal');
  return row.status === 'rejected' ? { status: 'rejected', code, currentVersion: version } : { status: 'failed', code };
}
