import type { DatabaseSync } from 'node:sqlite';
import {
  type IdempotencyRecord,
  type Key,
  type OperationId,
  type OperationRecord,
  type Outcome,
  operationPartition,
  problemCode,
} from '@stratakv/core';
import { keyBytes, keyOf } from './entry-table.ts';

const columns = 'action, key, status, version, is_created, expires_at, code, settled_at';

const sql = {
  find: `SELECT ${columns} FROM operations WHERE id = ?`,
  remembered: `SELECT ${columns}, fingerprint FROM operations WHERE identity = ?`,
  insert: `INSERT INTO operations
             (partition, id, action, key, status, version, is_created, expires_at, code, settled_at, identity, fingerprint)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  hasBefore: 'SELECT 1 FROM operations WHERE id < ? LIMIT 1',
  // An id begins with its time, so the oldest come first; one that was settled late stays until its time is up. Only
  // the very oldest are looked at, whichever partition they are of: a step stays small after a long pause too.
  prune: `DELETE FROM operations WHERE id IN (
            SELECT id FROM (SELECT id, partition, settled_at FROM operations WHERE id < ?2 ORDER BY id LIMIT 10000)
            WHERE partition = ?1 AND settled_at < ?3 LIMIT ?4)`,
};

interface OperationRow {
  readonly action: 'put' | 'delete' | null;
  readonly key: Uint8Array | null;
  readonly status: string;
  readonly version: number | null;
  readonly is_created: number | null;
  readonly expires_at: number | null;
  readonly code: string | null;
  readonly settled_at: number;
  readonly fingerprint?: string;
}

function idBytes(id: OperationId): Uint8Array {
  return Buffer.from(id, 'base64url');
}

/** Makes the function that finds a log row by the operation's id. */
export function prepareOperationFind(database: DatabaseSync) {
  const find = database.prepare(sql.find);
  return (id: OperationId): OperationRecord | undefined => {
    const row = find.get(idBytes(id)) as OperationRow | undefined;
    return row === undefined ? undefined : recordOf(id, row);
  };
}

/** Makes the function that finds the first outcome under an idempotency identity. */
export function prepareIdempotencyFind(database: DatabaseSync) {
  const find = database.prepare(sql.remembered);
  return (identity: string): IdempotencyRecord | undefined => {
    const row = find.get(identity) as OperationRow | undefined;
    if (row === undefined) return undefined;
    return { fingerprint: row.fingerprint ?? '', outcome: outcomeOf(row) };
  };
}

/** Makes the functions that change the log; to be called inside a transaction. */
export function prepareOperationWrites(database: DatabaseSync) {
  const insert = database.prepare(sql.insert);
  const prune = database.prepare(sql.prune);
  const hasBefore = database.prepare(sql.hasBefore);
  return {
    /** `identity` only for the row that got the identity's first outcome. */
    insert(record: OperationRecord, identity: string | undefined, fingerprint: string | undefined): void {
      const { outcome } = record;
      insert.run(
        operationPartition(record.id),
        idBytes(record.id),
        record.action ?? null,
        record.key === undefined ? null : keyBytes(record.key),
        outcome.status,
        outcomeVersion(outcome) ?? null,
        outcome.status === 'applied' ? Number(outcome.isCreated) : null,
        outcome.status === 'applied' ? (outcome.expiresAt ?? null) : null,
        outcome.status === 'applied' ? null : outcome.code,
        record.settledAt,
        identity ?? null,
        identity === undefined ? null : (fingerprint ?? null),
      );
    },
    /** Whether there is a row made before `beforeMs`. */
    hasBefore: (beforeMs: number): boolean => hasBefore.get(firstIdAt(beforeMs)) !== undefined,
    /** Removes the oldest rows made and settled before `beforeMs`; returns how many. */
    prune(partition: number, beforeMs: number, limit: number): number {
      return Number(prune.run(partition, firstIdAt(beforeMs), beforeMs, limit).changes);
    },
  };
}

/** What the ids made at a time begin with. */
function firstIdAt(ms: number): Uint8Array {
  const first = Buffer.alloc(6);
  first.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  return first;
}

function outcomeVersion(outcome: Outcome): number | undefined {
  if (outcome.status === 'applied') return outcome.version;
  return outcome.status === 'rejected' ? outcome.currentVersion : undefined;
}

function recordOf(id: OperationId, row: OperationRow): OperationRecord {
  const key: Key | undefined = row.key === null ? undefined : keyOf(row.key);
  return { id, action: row.action ?? undefined, key, outcome: outcomeOf(row), settledAt: row.settled_at };
}

function outcomeOf(row: OperationRow): Outcome {
  const version = row.version ?? undefined;
  if (row.status === 'applied') {
    return { status: 'applied', version, isCreated: row.is_created === 1, expiresAt: row.expires_at ?? undefined };
  }
  const code = problemCode(row.code ?? 'internal');
  return row.status === 'rejected' ? { status: 'rejected', code, currentVersion: version } : { status: 'failed', code };
}
