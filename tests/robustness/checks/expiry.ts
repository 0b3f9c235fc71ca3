import { answerOf, type Call, callsOf } from '../history/call.ts';
import { type History, wallTime } from '../history/history.ts';
import { Ledger } from './ledger.ts';
import type { Check, Violation } from './report.ts';
import type { Write } from './write.ts';

/*
 * An expired entry is absent for reads and lists in every layer, up to the skew between the servers' clocks. Times are
 * compared when a request reads, so an answer on its way may arrive later: what counts is when the request was sent. That
 * an entry is not gone before its time is for the checks that know when there was one.
 */

export const checkExpiry: Check = (history, final, { skewMs }) => {
  const ledger = new Ledger(history, final);
  const gets = callsOf(history.calls, 'get').flatMap((call) => checkGet(ledger, call, skewMs));
  const lists = callsOf(history.calls, 'list').flatMap((call) => checkList(ledger, call, skewMs));
  const after = final.keys.flatMap(({ key, database, cache, readAt }) =>
    [database, cache].flatMap(({ version, expiresAt }) => {
      if (version === undefined || expiresAt === undefined) return [];
      return late(history, { key, version, expiresAt, at: readAt, skewMs, calls: [] });
    }),
  );
  const expiring = ledger.writes.filter(({ ttlSeconds }) => ttlSeconds !== undefined);
  const terms = expiring.flatMap((write) => checkTerm(write));
  const shown = ledger.sightings.filter(({ expiresAt }) => expiresAt !== undefined).length;
  const counts = { expiringWrites: expiring.length, expiringShown: shown };
  return { name: 'expiry', violations: [...gets, ...lists, ...after, ...terms], counts };
};

function checkGet(ledger: Ledger, call: Call & { readonly request: { readonly key: string } }, skewMs: number) {
  const { status, version, value, expiresAt } = answerOf(call) ?? {};
  if (status !== 200 || version === undefined) return [];
  const { key } = call.request;
  const write = value === undefined ? undefined : ledger.writeOfValue(key, value);
  return [
    ...checkTold(call, key, expiresAt, write),
    ...late(ledger.history, { key, version, expiresAt, at: call.startedAt, skewMs, calls: [call.number] }),
  ];
}

/** A reader is told the expiry of what has one, the same as its writer, and of nothing else. */
function checkTold(call: Call, key: string, expiresAt: number | undefined, write: Write | undefined): Violation[] {
  if (write === undefined) return [];
  const calls = [call.number, ...write.calls];
  const isExpiring = write.ttlSeconds !== undefined;
  if (isExpiring && expiresAt === undefined) {
    return [{ subject: key, sentence: 'It shows an entry that expires without saying when.', calls }];
  }
  if (!isExpiring && expiresAt !== undefined) {
    return [{ subject: key, sentence: 'It says that an entry expires that was put to stay.', calls }];
  }
  const { outcome } = write;
  const told = outcome?.status === 'applied' ? outcome.expiresAt : undefined;
  if (told === undefined || told === expiresAt) return [];
  const sentence = `It says that an entry expires at ${expiresAt}, its writer was told ${told}.`;
  return [{ subject: key, sentence, calls }];
}

function checkList(ledger: Ledger, call: Call, skewMs: number): Violation[] {
  const entries = answerOf(call)?.page?.entries ?? [];
  return entries.flatMap(({ key, version, expiresAt }) =>
    late(ledger.history, { key, version, expiresAt, at: call.startedAt, skewMs, calls: [call.number] }),
  );
}

interface Service {
  readonly key: string;
  readonly version: number;
  /** Milliseconds since 1970; undefined for an entry that stays. */
  readonly expiresAt: number | undefined;
  /** When it was asked for, run clock. */
  readonly at: number;
  readonly skewMs: number;
  readonly calls: readonly number[];
}

function late(history: History, { key, version, expiresAt, at, skewMs, calls }: Service): Violation[] {
  if (expiresAt === undefined) return [];
  const lateMs = wallTime(history, at) - expiresAt;
  if (lateMs < skewMs) return [];
  const sentence = `Version ${version} was shown to a request sent ${Math.round(lateMs)} ms after its expiry.`;
  return [{ subject: key, sentence, calls }];
}

/** The time to live counts from the moment of applying, by the database's clock, which also wrote `settledAt`. */
function checkTerm({ key, ttlSeconds, attempts, calls }: Write): Violation[] {
  const rows = attempts.flatMap(({ row }) => (row?.status === 'applied' ? [row] : []));
  // A retry's row was settled later and has the outcome of the first.
  const first = rows.toSorted((a, b) => a.settledAt - b.settledAt)[0];
  if (first === undefined || ttlSeconds === undefined || attempts.some(({ row }) => row === undefined)) return [];
  if (first.expiresAt === first.settledAt + ttlSeconds * 1000) return [];
  const sentence = `Applied at ${first.settledAt} for ${ttlSeconds} s, it expires at ${first.expiresAt}.`;
  return [{ subject: key, sentence, calls }];
}
