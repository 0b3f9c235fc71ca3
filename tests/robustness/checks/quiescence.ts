import type { FinalKey, FinalState, View } from '../history/final-state.ts';
import { type History, wallTime } from '../history/history.ts';
import { Ledger } from './ledger.ts';
import type { Check, Violation } from './report.ts';
import { type State, Timeline } from './timeline.ts';

/*
 * After quiet: the cache shows what the database holds, the last write has won, and the dead-letter queues hold what the
 * run put there.
 */

export const checkQuiescence: Check = (history, final, { skewMs }) => {
  const ledger = new Ledger(history, final);
  const violations = [
    ...final.keys.flatMap((key) => [
      ...checkSame(history, key, skewMs),
      ...checkLast(ledger, key, new Timeline(ledger, key.key, skewMs), skewMs),
    ]),
    ...checkAllRead(ledger),
    ...checkDeadLetters(final),
  ];
  const present = final.keys.filter(({ database }) => database.version !== undefined).length;
  return { name: 'quiescence', violations, counts: { keys: final.keys.length, present } };
};

function checkSame(history: History, { key, database, cache, readAt }: FinalKey, skewMs: number): Violation[] {
  if (database.version === cache.version && database.value === cache.value) {
    if (database.expiresAt === cache.expiresAt) return [];
    return [{ subject: key, sentence: 'The database and the cache disagree on its expiry.', calls: [] }];
  }
  // It may have expired between the two reads.
  const expiresAt = database.expiresAt ?? cache.expiresAt ?? Number.POSITIVE_INFINITY;
  const isOneAbsent = database.version === undefined || cache.version === undefined;
  if (isOneAbsent && Math.abs(wallTime(history, readAt) - expiresAt) <= skewMs) return [];
  const sentence = `The database shows ${describe(database)}, the cache ${describe(cache)}.`;
  return [{ subject: key, sentence, calls: [] }];
}

function checkLast(ledger: Ledger, { key, database, readAt }: FinalKey, timeline: Timeline, skewMs: number) {
  const last = timeline.states.at(-1);
  if (last === undefined || ledger.writesOf(key).some((write) => ledger.mayHaveLanded(write))) return [];
  const shown = `It shows ${describe(database)}`;
  const violation = (sentence: string): Violation[] => [{ subject: key, sentence, calls: last.calls }];
  if (database.version !== undefined) {
    if (database.version === last.version && last.isPresent) return checkValue(ledger, key, database);
    return violation(`${shown}, the last of its operations ${describeState(last)}.`);
  }
  // Close to its expiry an entry may be there or not.
  const isGone = !last.isPresent || (last.expiresAt ?? Infinity) <= wallTime(ledger.history, readAt) + skewMs;
  return isGone ? [] : violation(`${shown}, the last of its operations ${describeState(last)}.`);
}

function checkValue(ledger: Ledger, key: string, { value, version }: View): Violation[] {
  const write = value === undefined ? undefined : ledger.writeOfValue(key, value);
  const outcome = write?.outcome;
  if (outcome?.status === 'applied' && outcome.version === version) return [];
  const sentence = `It holds at version ${version} a value that was not written at that version.`;
  return [{ subject: key, sentence, calls: write?.calls ?? [] }];
}

function checkAllRead(ledger: Ledger): Violation[] {
  const read = new Set(ledger.final.keys.map(({ key }) => key));
  const written = new Map(ledger.writes.map((write) => [write.key, write]));
  return [...written].flatMap(([key, { calls }]) =>
    read.has(key) ? [] : [{ subject: key, sentence: 'It was written and not read after quiet.', calls }],
  );
}

function checkDeadLetters({ deadLetters: { found, planted } }: FinalState): Violation[] {
  if (found === planted) return [];
  const sentence = `The queues hold ${found} messages, the run put ${planted} there.`;
  return [{ subject: 'dead letters', sentence, calls: [] }];
}

function describe({ version, value }: View): string {
  return version === undefined ? 'no entry' : `version ${version} (${value?.slice(0, 40)})`;
}

function describeState({ version, isPresent }: State): string {
  if (version === 0) return 'was none that was applied';
  return isPresent ? `is a put at version ${version}` : `is a delete at version ${version}`;
}
