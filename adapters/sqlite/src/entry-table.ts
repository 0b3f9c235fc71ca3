import type { DatabaseSync } from 'node:sqlite';
import { type Entry, type EntryState, isTombstone, type Key, type Meta, type Tombstone } from '@stratakv/core';

const sql = {
  state: 'SELECT version, is_deleted, expires_at FROM entries WHERE key = ?',
  get: `SELECT version, modified_at, expires_at, content_type, meta, value FROM entries
        WHERE key = ? AND is_deleted = 0 AND (expires_at IS NULL OR expires_at > ?)`,
  put: `INSERT INTO entries
          (key, partition, version, is_deleted, modified_at, expires_at, content_type, meta, value)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET
          version = excluded.version, is_deleted = excluded.is_deleted, modified_at = excluded.modified_at,
          expires_at = excluded.expires_at, content_type = excluded.content_type, meta = excluded.meta,
          value = excluded.value`,
  expired: 'SELECT key, version FROM entries WHERE partition = ? AND expires_at <= ? ORDER BY expires_at LIMIT ?',
  tombstones: `SELECT key, version FROM entries
               WHERE partition = ? AND is_deleted = 1 AND modified_at < ? ORDER BY modified_at LIMIT ?`,
  remove: 'DELETE FROM entries WHERE key = ?',
};

const nothing = new Uint8Array(0);

export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key);
}

export function keyOf(bytes: Uint8Array): Key {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString() as Key;
}

/** Makes the functions that a batch is applied with; to be called inside a transaction. */
export function prepareEntryWrites(database: DatabaseSync) {
  const state = database.prepare(sql.state);
  const put = database.prepare(sql.put);
  return {
    state(key: Key): EntryState | undefined {
      const row = state.get(keyBytes(key)) as
        | { version: number; is_deleted: number; expires_at: number | null }
        | undefined;
      if (row === undefined) return undefined;
      return { version: row.version, isDeleted: row.is_deleted === 1, expiresAt: row.expires_at ?? undefined };
    },
    write(partition: number, stored: Entry | Tombstone): void {
      const { version } = stored;
      const key = keyBytes(stored.key);
      if (isTombstone(stored)) {
        put.run(key, partition, version, 1, stored.deletedAt, null, '', null, nothing);
        return;
      }
      const meta = stored.meta.length === 0 ? null : JSON.stringify(stored.meta);
      const { modifiedAt, expiresAt, contentType, value } = stored;
      put.run(key, partition, version, 0, modifiedAt, expiresAt ?? null, contentType, meta, value);
    },
  };
}

/** Makes the functions that clean up entries; to be called inside a transaction. */
export function prepareEntryRemoval(database: DatabaseSync) {
  const expired = database.prepare(sql.expired);
  const tombstones = database.prepare(sql.tombstones);
  const remove = database.prepare(sql.remove);
  type Row = { key: Uint8Array; version: number };
  return {
    expired: (partition: number, nowMs: number, limit: number) =>
      expired.all(partition, nowMs, limit) as unknown as Row[],
    tombstones: (partition: number, beforeMs: number, limit: number) =>
      tombstones.all(partition, beforeMs, limit) as unknown as Row[],
    remove(key: Uint8Array): void {
      remove.run(key);
    },
  };
}

/** An entry without its key, as it crosses from the reader thread. */
export interface EntryRow {
  readonly version: number;
  readonly modifiedAt: number;
  readonly expiresAt: number | undefined;
  readonly contentType: string;
  readonly meta: Meta;
  readonly value: Uint8Array;
}

const noMeta: Meta = [];

/** Makes the function that reads one live entry. */
export function prepareEntryGet(database: DatabaseSync) {
  const get = database.prepare(sql.get);
  return (key: Key, nowMs: number): EntryRow | undefined => {
    const row = get.get(keyBytes(key), nowMs);
    if (row === undefined) return undefined;
    return {
      version: row.version as number,
      modifiedAt: row.modified_at as number,
      expiresAt: (row.expires_at as number | null) ?? undefined,
      contentType: row.content_type as string,
      meta: row.meta === null ? noMeta : (JSON.parse(row.meta as string) as Meta),
      value: row.value as Uint8Array,
    };
  };
}
