import { type Entry, type EntryState, isTombstone, type Key, type Meta, type Tombstone } from '@stratakv/core';
import { boolArray, byteaArray, int8Array } from './binary-array.ts';
import { getEntries, getEntryStates } from './entry-sql.ts';
import type { Session } from './session.ts';

/* Entries and tombstones, as rows and back. */

const nothing = new Uint8Array(0);
const noMeta: Meta = [];

/**
 * Bytes of the rows in one statement, unless a single one is larger. CockroachDB refuses a message over 16 MiB and
 * closes the connection (`sql.conn.max_read_buffer_message_size`).
 */
const maxStatementBytes = 4 * 1024 * 1024;

export function keyBytes(key: string): Uint8Array {
  return Buffer.from(key);
}

export function keyOf(bytes: Uint8Array): Key {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString() as Key;
}

interface EntryRow {
  readonly key: Buffer;
  readonly version: number;
  readonly modified_at: number;
  readonly expires_at: number | null;
  readonly content_type: Buffer;
  readonly meta: Buffer | null;
  readonly value: Buffer;
}

/** What is there for readers of these keys. */
export async function readEntries(session: Session, keys: readonly Key[]): Promise<Map<Key, Entry>> {
  const rows = await session.ask<EntryRow>(getEntries, [byteaArray([...new Set(keys)].map(keyBytes))]);
  const entries = new Map<Key, Entry>();
  for (const row of rows) {
    const key = keyOf(row.key);
    entries.set(key, {
      key,
      value: row.value,
      contentType: row.content_type.toString(),
      meta: row.meta === null ? noMeta : (JSON.parse(row.meta.toString()) as Meta),
      version: row.version,
      modifiedAt: row.modified_at,
      expiresAt: row.expires_at ?? undefined,
    });
  }
  return entries;
}

interface StateRow {
  readonly key: Buffer;
  readonly version: number;
  readonly is_deleted: boolean;
  readonly expires_at: number | null;
}

/** What conditions on these keys are judged on. */
export async function readEntryStates(session: Session, keys: Iterable<Key>): Promise<Map<Key, EntryState>> {
  const rows = await session.ask<StateRow>(getEntryStates, [byteaArray([...new Set(keys)].map(keyBytes))]);
  return new Map(
    rows.map(({ key, version, is_deleted, expires_at }) => [
      keyOf(key),
      { version, isDeleted: is_deleted, expiresAt: expires_at ?? undefined },
    ]),
  );
}

/** An entry or tombstone and the partition of its key. */
export interface EntryWrite {
  readonly stored: Entry | Tombstone;
  readonly partition: number;
}

/** The values of `putEntries`, one set for each statement; rows ascend over all of them. */
export function entryWriteValues(writes: readonly EntryWrite[], nowMs: number): unknown[][] {
  const sorted = writes
    .map((write) => ({ ...write, key: keyBytes(write.stored.key) }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  const statements: unknown[][] = [];
  let rows: Row[] = [];
  let bytes = 0;
  for (const row of sorted) {
    const size = sizeOf(row.stored);
    if (rows.length > 0 && bytes + size > maxStatementBytes) {
      statements.push(rowValues(rows, nowMs));
      rows = [];
      bytes = 0;
    }
    rows.push(row);
    bytes += size;
  }
  if (rows.length > 0) statements.push(rowValues(rows, nowMs));
  return statements;
}

/** The values of `putEntries` for no rows at all. */
export function noEntryValues(): unknown[] {
  return rowValues([], 0);
}

type Row = EntryWrite & { readonly key: Uint8Array };

function sizeOf(stored: Entry | Tombstone): number {
  return 256 + (isTombstone(stored) ? 0 : stored.value.byteLength);
}

function rowValues(rows: readonly Row[], nowMs: number): unknown[] {
  const entries = rows.map(({ stored }) => (isTombstone(stored) ? undefined : stored));
  return [
    byteaArray(rows.map(({ key }) => key)),
    int8Array(rows.map(({ partition }) => partition)),
    int8Array(rows.map(({ stored }) => stored.version)),
    boolArray(entries.map((entry) => entry === undefined)),
    int8Array(entries.map((entry) => entry?.expiresAt ?? null)),
    byteaArray(entries.map((entry) => (entry === undefined ? nothing : Buffer.from(entry.contentType)))),
    byteaArray(entries.map((entry) => metaBytes(entry?.meta))),
    byteaArray(entries.map((entry) => entry?.value ?? nothing)),
    nowMs,
    rows.length,
  ];
}

function metaBytes(meta: Meta | undefined): Uint8Array | null {
  return meta === undefined || meta.length === 0 ? null : Buffer.from(JSON.stringify(meta));
}
