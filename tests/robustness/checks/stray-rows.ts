import type { LogRow } from '../history/final-state.ts';
import { isUnclaimed, type Ledger, madeAt } from './ledger.ts';

/*
 * Whose are the rows of the log that no sender was named? Each must belong to a call that got no answer, of the same
 * action and key, sent before the row's operation was made, and each such call has one at most: no layer sends a write
 * again (DESIGN §7). Which call has which row cannot be told, but whether there are enough of them can: all a row asks of
 * a call is to be early enough, so in the order of their times (the ledger has them so) the nth row
 * needs n calls before it.
 */

/** Rows of the log for which nobody is left who can have sent them. */
export function unsentRows(ledger: Ledger, skewMs: number): readonly LogRow[] {
  const rowsOf = Map.groupBy(ledger.strayRows, ({ action, key }) => JSON.stringify([action, key]));
  return [...rowsOf.values()].flatMap((rows) => unsentOf(ledger, rows, skewMs));
}

function unsentOf(ledger: Ledger, rows: readonly LogRow[], skewMs: number): readonly LogRow[] {
  const [{ key, action } = {}] = rows;
  // A settled or undecodable operation, of which only the id was known, changed nothing.
  if (key === undefined || action === undefined) return [];
  const sentAt = unansweredSince(ledger, key, action);
  const { wallOffsetMs } = ledger.history.header;
  let taken = 0;
  return rows.filter((row) => {
    const next = sentAt[taken];
    const isSent = next !== undefined && next <= madeAt(row) - wallOffsetMs + skewMs;
    if (isSent) taken += 1;
    return !isSent;
  });
}

/** When the calls were sent whose operation nobody was named, earliest first. */
export function unansweredSince(ledger: Ledger, key: string, action: 'put' | 'delete'): readonly number[] {
  const attempts = ledger.writesOf(key).flatMap((write) => (write.action === action ? write.attempts : []));
  return attempts
    .filter(isUnclaimed)
    .map(({ call }) => call.startedAt)
    .toSorted((a, b) => a - b);
}
