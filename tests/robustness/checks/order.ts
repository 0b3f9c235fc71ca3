import { Ledger } from './ledger.ts';
import type { Check, Violation } from './report.ts';
import { appliedRows } from './row-of-key.ts';
import { mayCount, type Write } from './write.ts';

/*
 * Operations on one key are applied in the order in which the broker took them, and whoever sends a write after the
 * answer to another, 202 included, knows that order: its version is greater, it is settled no earlier. Versions follow the
 * database's clock, so that the order of versions is that of the log's times. Between writes that were under way at the
 * same time there is nothing to check.
 */

/** One thing that was put in order: by when it was sent and accepted, and by when its turn came. */
interface Placed {
  readonly sentAt: number;
  readonly acceptedAt: number;
  /** A version, or a time of the log. */
  readonly turn: number;
  readonly calls: readonly number[];
}

export const checkOrder: Check = (history, final, { skewMs }) => {
  const ledger = new Ledger(history, final);
  const counts = { versionsInOrder: 0, rowsInOrder: 0, overtaken: 0 };
  const violations: Violation[] = [];
  for (const key of ledger.keys) {
    const writes = ledger.writesOf(key);
    const byVersion = overtaking(writes.flatMap(placeByVersion), 0);
    const byTime = overtaking(writes.flatMap(placeByTime), skewMs);
    counts.versionsInOrder += byVersion.compared;
    counts.rowsInOrder += byTime.compared;
    violations.push(...byVersion.pairs.map((pair) => describe(key, pair, 'has a lower version')));
    violations.push(...byTime.pairs.map((pair) => describe(key, pair, 'was settled earlier')));
    violations.push(...checkClock(ledger, key, skewMs));
  }
  counts.overtaken = violations.length;
  return { name: 'order', violations, counts };
};

function placeByVersion(write: Write): Placed[] {
  const { outcome, sentAt, acceptedAt, calls } = write;
  if (outcome?.status !== 'applied' || outcome.version === undefined) return [];
  return [{ sentAt, acceptedAt, turn: outcome.version, calls }];
}

/** Each attempt is an operation with a turn of its own, also when its outcome is that of another. */
function placeByTime({ attempts }: Write): Placed[] {
  return attempts.flatMap(({ call, answer, row }) => {
    if (row === undefined || row.status === 'failed') return [];
    const isAccepted = answer.kind === 'accepted' || answer.kind === 'settled';
    const acceptedAt = isAccepted ? call.endedAt : Number.POSITIVE_INFINITY;
    return [{ sentAt: call.startedAt, acceptedAt, turn: row.settledAt, calls: [call.number] }];
  });
}

/**
 * Pairs of which the second was sent after the first had been accepted, and had its turn before it.
 *
 * @param slack how much earlier it may have been
 */
function overtaking(placed: readonly Placed[], slack: number) {
  const bySending = placed.toSorted((a, b) => a.sentAt - b.sentAt);
  const byAccepting = placed.toSorted((a, b) => a.acceptedAt - b.acceptedAt);
  const pairs: (readonly [Placed, Placed])[] = [];
  let compared = 0;
  let next = 0;
  let latest: Placed | undefined;
  for (const second of bySending) {
    for (let first = byAccepting[next]; first !== undefined && first.acceptedAt < second.sentAt; ) {
      if (latest === undefined || first.turn > latest.turn) latest = first;
      next += 1;
      first = byAccepting[next];
    }
    if (latest === undefined) continue;
    compared += 1;
    if (second.turn < latest.turn - slack) pairs.push([latest, second]);
  }
  return { compared, pairs };
}

function describe(key: string, [first, second]: readonly [Placed, Placed], how: string): Violation {
  const sentence = `A write sent after another had been accepted ${how}: ${second.turn}, not ${first.turn} or more.`;
  return { subject: key, sentence, calls: [...second.calls, ...first.calls] };
}

/** The log's times never go down as versions go up, as far as one clock wrote them. */
function checkClock(ledger: Ledger, key: string, skewMs: number): Violation[] {
  // Of several rows of one write the first is the one that was carried out.
  const inOrder = appliedRows(ledger, key)
    .filter(({ version }, index, all) => all[index - 1]?.version !== version && isFirstKnown(all[index]?.write))
    .map(({ row }) => row);
  return inOrder.flatMap((row, index) => {
    const before = inOrder[index - 1];
    if (before === undefined || row.settledAt >= before.settledAt - skewMs) return [];
    const sentence = `Operation ${row.id} has a greater version than ${before.id} and was settled before it.`;
    const calls = [row, before].flatMap(({ id }) => ledger.attemptOf.get(id)?.call.number ?? []);
    return [{ subject: key, sentence, calls }];
  });
}

/** Whether the attempt that was carried out has a row that is known: else the time of a retry would be taken for its. */
function isFirstKnown(write: Write | undefined): boolean {
  if (write === undefined || write.attempts.length === 1) return true;
  return write.attempts.every((attempt) => attempt.row !== undefined || !mayCount(attempt));
}
