import { type EntrySummary, PageBuilder, type ScanPage, type ScanQuery } from '@stratakv/core';
import { listEntries } from './entry-sql.ts';
import { keyOf } from './entry-table.ts';
import type { Session } from './session.ts';

/*
 * One page of a list. Rows are read in key order, some at a time; a folded prefix that goes on behind them is jumped
 * over by the next statement, not read. Deleted and expired rows cost work without filling the page, and so do jumps:
 * both are bounded, so a page may come out short, and says where to go on.
 */

const maxRowsLookedAt = 4000;
const maxStatements = 100;
/** A full page of the largest size, and one more to see that there is more. */
const maxRowsAtOnce = 1001;
/** Rows read after a jump, and at first when prefixes are folded: most of what follows may be one prefix. */
const rowsAfterJump = 16;

interface Row {
  readonly key: Buffer;
  readonly version: number;
  readonly modified_at: number;
  readonly expires_at: number | null;
  readonly content_type: Buffer;
  readonly size: number;
  readonly is_live: boolean;
}

/** Reads a page on a session, in a transaction that shows one snapshot. Whoever calls rolls back when it rejects. */
export async function scanPage(session: Session, begin: () => Promise<void>, query: ScanQuery): Promise<ScanPage> {
  const page = new PageBuilder(query);
  const end = behindAll(query.prefix);
  let from = startOf(query);
  let count = query.delimiter === undefined ? Math.min(query.limit + 1, maxRowsAtOnce) : rowsAfterJump;
  let begun: Promise<void> | undefined = begin();
  let rowsLeft = maxRowsLookedAt;
  for (let statement = 1; ; statement += 1) {
    const [rows] = await Promise.all([session.ask<Row>(listEntries, [from, end, count]), begun]);
    begun = undefined;
    const isFull = !rows.every((row) => takeIn(page, row));
    rowsLeft -= rows.length;
    const last = rows.at(-1);
    if (isFull || last === undefined || rows.length < count) {
      await session.commit();
      return page.finish(isFull);
    }
    const key = keyOf(last.key);
    if (rowsLeft <= 0 || statement === maxStatements) {
      await session.commit();
      return page.stopAt(key);
    }
    const isInside = page.covers(key);
    from = isInside ? behindAll(page.lastPrefix) : justBehind(last.key);
    count = isInside ? rowsAfterJump : Math.min(count * 2, maxRowsAtOnce);
  }
}

/** False when the page is full. */
function takeIn(page: PageBuilder, row: Row): boolean {
  const key = keyOf(row.key);
  if (!row.is_live || page.covers(key)) return true;
  const entry: EntrySummary = {
    key,
    version: row.version,
    size: row.size,
    contentType: row.content_type.toString(),
    modifiedAt: row.modified_at,
    expiresAt: row.expires_at ?? undefined,
  };
  return page.add(entry);
}

function startOf({ prefix, after }: ScanQuery): Uint8Array {
  if (after === undefined) return Buffer.from(prefix);
  const start = after.isPrefix ? behindAll(after.text) : justBehind(Buffer.from(after.text));
  const first = Buffer.from(prefix);
  return Buffer.compare(start, first) < 0 ? first : start;
}

/** The first bytes behind everything that starts with a text: no UTF-8 has the byte 0xff. */
function behindAll(prefix: string): Uint8Array {
  return Buffer.concat([Buffer.from(prefix), Buffer.of(0xff)]);
}

/** The first bytes behind a key. */
function justBehind(key: Uint8Array): Uint8Array {
  return Buffer.concat([key, Buffer.of(0)]);
}
