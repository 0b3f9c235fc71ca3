import type { LogRow } from '../history/final-state.ts';
import type { Ledger } from './ledger.ts';
import type { Write } from './write.ts';

/** A row of the log that gave a key a version. */
export interface RowOfKey {
  readonly row: LogRow;
  readonly version: number;
  /** Undefined when nobody was named it. */
  readonly write: Write | undefined;
}

/** The applied rows of a key that have a version, lowest version first, and earliest first for attempts at one write. */
export function appliedRows(ledger: Ledger, key: string): readonly RowOfKey[] {
  const named = ledger
    .writesOf(key)
    .flatMap((write) => write.attempts.flatMap(({ row }) => (row === undefined ? [] : [{ row, write }])));
  const strays = ledger.strayRowsOf(key).map((row) => ({ row, write: undefined }));
  return [...named, ...strays]
    .flatMap(({ row, write }) => {
      const { status, version } = row;
      return status === 'applied' && version !== undefined ? [{ row, version, write }] : [];
    })
    .toSorted((a, b) => a.version - b.version || a.row.settledAt - b.row.settledAt);
}
