import type { DatabaseSync } from 'node:sqlite';
import { type EntrySummary, type Key, PageBuilder, type ScanPage, type ScanQuery } from '@stratakv/core';
import { keyOf } from './entry-table.ts';

/*
 * One page of a list. Rows are walked in key order; a folded prefix is not walked but jumped over. Deleted and expired
 * rows cost work without filling the page, so the rows looked at are bounded too: a page may come out short, and says
 * where to go on.
 */

const columns = 'key, version, is_deleted, modified_at, expires_at, content_type, length(value) AS size';

const sql = {
  from: `SELECT ${columns} FROM entries WHERE key >= ? ORDER BY key`,
  after: `SELECT ${columns} FROM entries WHERE key > ? ORDER BY key`,
};

const maxRowsLookedAt = 4000;

interface Row {
  readonly key: Uint8Array;
  readonly version: number;
  readonly is_deleted: number;
  readonly modified_at: number;
  readonly expires_at: number | null;
  readonly content_type: string;
  readonly size: number;
}

/** Makes the function that reads a page; to be called inside a transaction, so that a page is one snapshot. */
export function prepareScan(database: DatabaseSync) {
  const statements = { from: database.prepare(sql.from), after: database.prepare(sql.after) };
  return (query: ScanQuery, nowMs: number): ScanPage => {
    const page = new PageBuilder(query);
    let start: Start | undefined = startOf(query);
    let budget = maxRowsLookedAt;
    while (start !== undefined) {
      const rows = statements[start.isAfter ? 'after' : 'from'].iterate(start.bytes) as Iterable<Row>;
      start = undefined;
      for (const row of rows) {
        const text = keyOf(row.key);
        if (!text.startsWith(query.prefix)) break;
        const isThere = row.is_deleted === 0 && (row.expires_at === null || row.expires_at > nowMs);
        if (isThere && !page.add(summaryOf(text, row))) return page.finish(true);
        budget -= 1;
        if (budget === 0) return page.stopAt(text);
        if (isThere && page.lastPrefix !== '') {
          start = { bytes: successor(page.lastPrefix), isAfter: false };
          break;
        }
      }
    }
    return page.finish(false);
  };
}

interface Start {
  readonly bytes: Uint8Array;
  readonly isAfter: boolean;
}

function startOf({ prefix, after }: ScanQuery): Start {
  if (after === undefined) return { bytes: Buffer.from(prefix), isAfter: false };
  if (after.isPrefix) return { bytes: successor(after.text), isAfter: false };
  return { bytes: Buffer.from(after.text), isAfter: true };
}

/** The first bytes behind everything that starts with the text. UTF-8 has no byte 0xff, so one more always fits. */
function successor(prefix: string): Uint8Array {
  const bytes = Buffer.from(prefix);
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) + 1;
  return bytes;
}

function summaryOf(key: Key, row: Row): EntrySummary {
  return {
    key,
    version: row.version,
    size: row.size,
    contentType: row.content_type,
    modifiedAt: row.modified_at,
    expiresAt: row.expires_at ?? undefined,
  };
}
