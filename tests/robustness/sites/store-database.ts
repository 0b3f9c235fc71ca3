import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import type { LogRow, OperationsLog } from '../history/final-state.ts';

const timeBytes = 6;
const partitionBytes = 2;

interface Row {
  readonly id: Buffer;
  readonly action: 'put' | 'delete' | null;
  readonly key: Buffer | null;
  readonly status: LogRow['status'];
  readonly version: string | null;
  readonly is_created: boolean | null;
  readonly expires_at: string | null;
  readonly code: string | null;
  readonly settled_at: string;
}

/** The database of a native stack, looked into past the store. */
export class StoreDatabase {
  readonly #dataDir: string;
  readonly #madeAt = Date.now();

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  /** Rows of the log, but for those of keys that `isOwn`. @throws Error when the database is away */
  async operationsLog(isOwn: (key: string) => boolean): Promise<OperationsLog> {
    const rows = await this.ask<Row>(
      `SELECT id, action, key, status, version, is_created, expires_at, code, settled_at FROM operations`,
    );
    const pruned = await this.ask<{ horizon: string }>(`SELECT max(horizon) AS horizon FROM partitions`);
    const logRows = rows.map(logRowOf).filter(({ key }) => key === undefined || !isOwn(key));
    return { isWhole: Number(pruned[0]?.horizon ?? 0) < this.#madeAt, rows: logRows };
  }

  /** How often each partition was taken over: the present token of its fence. */
  async fenceTokens(): Promise<ReadonlyMap<number, number>> {
    const rows = await this.ask<{ partition: string; token: string }>(`SELECT partition, token FROM partitions`);
    return new Map(rows.map(({ partition, token }) => [Number(partition), Number(token)]));
  }

  /** @throws Error when the database is away, or does not answer within 5 s */
  async ask<Answer extends object>(text: string): Promise<readonly Answer[]> {
    const connectionString = readFileSync(join(this.#dataDir, 'secrets', 'database-url'), 'utf8').trim();
    const client = new Client({ connectionString, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
    client.on('error', () => {});
    try {
      await client.connect();
      return (await client.query<Answer>(text)).rows;
    } finally {
      await client.end();
    }
  }
}

function logRowOf(row: Row): LogRow {
  const version = numberOf(row.version);
  const { id, acceptedAt } = idOf(row.id);
  return {
    id,
    key: row.key?.toString() ?? undefined,
    action: row.action ?? undefined,
    status: row.status,
    version: row.status === 'applied' ? version : undefined,
    created: row.status === 'applied' && row.action === 'put' ? row.is_created === true : undefined,
    expiresAt: numberOf(row.expires_at),
    acceptedAt,
    settledAt: Number(row.settled_at),
    problem: row.code ?? undefined,
    currentVersion: row.status === 'rejected' ? version : undefined,
  };
}

/** The store keeps an id with its partition before its time. */
function idOf(stored: Buffer): { readonly id: string; readonly acceptedAt: number } {
  const own = Buffer.concat([
    stored.subarray(partitionBytes, partitionBytes + timeBytes),
    stored.subarray(0, partitionBytes),
    stored.subarray(partitionBytes + timeBytes),
  ]);
  return { id: own.toString('base64url'), acceptedAt: own.readUIntBE(0, timeBytes) };
}

function numberOf(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}
