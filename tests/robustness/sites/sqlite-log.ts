import { DatabaseSync } from 'node:sqlite';
import type { LogRow, OperationsLog } from '../history/final-state.ts';

/* What the embedded store keeps in its file, read beside it. */

interface OperationRow {
  readonly id: Uint8Array;
  readonly key: Uint8Array | null;
  readonly action: 'put' | 'delete' | null;
  readonly status: LogRow['status'];
  readonly version: number | null;
  readonly is_created: number | null;
  readonly expires_at: number | null;
  readonly code: string | null;
  readonly settled_at: number;
}

const rows = 'SELECT id, key, action, status, version, is_created, expires_at, code, settled_at FROM operations';
/** Each, also while the store writes. */
const timeoutMs = 5000;

/** Every row of the log. It is whole when nothing younger than the store's first operation was pruned. */
export function readSqliteLog(path: string): OperationsLog {
  return reading(path, (database) => {
    const { pruned } = database.prepare('SELECT pruned_before AS pruned FROM log').get() as { pruned: number };
    const found = (database.prepare(`${rows} ORDER BY id`).all() as unknown as OperationRow[]).map(logRow);
    const first = found.reduce(
      (least, { acceptedAt }) => Math.min(least, acceptedAt ?? least),
      Number.POSITIVE_INFINITY,
    );
    return { isWhole: pruned <= first, rows: found };
  });
}

export function readDeadLetters(path: string): number {
  return reading(path, (database) => {
    const { count } = database.prepare('SELECT count(*) AS count FROM dead_letters').get() as { count: number };
    return count;
  });
}

function reading<Result>(path: string, read: (database: DatabaseSync) => Result): Result {
  const database = new DatabaseSync(path, { readOnly: true, timeout: timeoutMs });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

function logRow(row: OperationRow): LogRow {
  const id = Buffer.from(row.id);
  const isApplied = row.status === 'applied';
  const version = row.version ?? undefined;
  return {
    id: id.toString('base64url'),
    key: row.key === null ? undefined : Buffer.from(row.key).toString('utf8'),
    action: row.action ?? undefined,
    status: row.status,
    version: isApplied ? version : undefined,
    created: isApplied && row.action === 'put' ? row.is_created === 1 : undefined,
    expiresAt: row.expires_at ?? undefined,
    // An id begins with its time.
    acceptedAt: id.readUIntBE(0, 6),
    settledAt: row.settled_at,
    problem: row.code ?? undefined,
    currentVersion: isApplied ? undefined : version,
  };
}
