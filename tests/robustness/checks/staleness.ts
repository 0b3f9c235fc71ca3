import { answerOf, type Call, callsOf, type GetRequest, type ReadLevel } from '../history/call.ts';
import type { FaultWindow, FinalState } from '../history/final-state.ts';
import { Ledger } from './ledger.ts';
import type { Parameters } from './parameters.ts';
import type { Check, Violation } from './report.ts';
import { type State, type Timeline, Timelines } from './timeline.ts';

/*
 * How old an answer may be (docs/consistency.md, "Reads"). It is stale when somebody had been shown a newer state of the
 * key before the read was sent. With `no-cache` none ever is. Of the other levels none is, unless the cache may have
 * missed a write in a fault: then for the cache TTL at most, and `Age` has to say so. With `stale-if-error` one may be
 * older while the database is down. What is stale for longer than clients could know is not found: this judges from
 * outside.
 */

interface Read {
  readonly call: Call<GetRequest>;
  readonly timeline: Timeline;
  readonly shown: number | undefined;
  readonly ageMs: number | undefined;
}

interface Tally {
  judged: number;
  stale: number;
  worstMs: number;
}

/** Judges every read that was answered with an entry or with none. */
export const checkStaleness: Check = (history, final, parameters) => {
  const timelines = new Timelines(new Ledger(history, final), parameters.skewMs);
  const tally: Tally = { judged: 0, stale: 0, worstMs: 0 };
  const violations = callsOf(history.calls, 'get').flatMap((call) => {
    const { status, version, ageSeconds } = answerOf(call) ?? {};
    if (status === 504 && call.request.level.kind !== 'only-if-cached' && answerOf(call)?.problem === 'not-cached') {
      return [violation(call, 'It did not ask for the cache alone, and was told that the entry is not cached.')];
    }
    if (status !== 200 && status !== 404) return [];
    tally.judged += 1;
    const shown = status === 200 ? version : undefined;
    const ageMs = ageSeconds === undefined ? undefined : ageSeconds * 1000;
    const read: Read = { call, timeline: timelines.of(call.request.key), shown, ageMs };
    return [...checkAge(read, final, parameters), ...checkFreshness(read, final, parameters, tally)];
  });
  const worstMs = Math.round(tally.worstMs);
  return { name: 'staleness', violations, counts: { judged: tally.judged, stale: tally.stale, worstMs } };
};

/** No level gives an answer that says that it is older than promised. */
function checkAge({ call, ageMs }: Read, final: FinalState, parameters: Parameters): Violation[] {
  if (ageMs === undefined) return [];
  const mostMs = mostAgeMs(call, final, parameters);
  // An answer from the database ages while it is on its way.
  if (ageMs <= mostMs + (call.endedAt - call.startedAt)) return [];
  return [violation(call, `At the level ${describe(call.request.level)} it shows an answer ${ageMs / 1000} s old.`)];
}

function checkFreshness(read: Read, final: FinalState, parameters: Parameters, tally: Tally): Violation[] {
  const { call, timeline, shown, ageMs } = read;
  const index = timeline.latestShown(shown, call.endedAt);
  const least = timeline.reachedAt(call.startedAt);
  const [next, newest] = [timeline.states[(index ?? 0) + 1], timeline.states[least]];
  // A version that nobody is known to have written is for other checks.
  if (index === undefined || index >= least || next === undefined || newest === undefined) return [];
  const staleMs = call.startedAt - next.reachedBy;
  tally.stale += 1;
  tally.worstMs = Math.max(tally.worstMs, staleMs);
  const what = shown === undefined ? 'no entry' : `version ${shown}`;
  const newer = `${what}, although the key had passed it ${Math.round(staleMs)} ms before and was at version ${newest.version}`;
  const show = (sentence: string) => [violation(call, sentence, [newest.shownBy, next.shownBy])];
  if (!isExcused(call, newest, final, parameters)) return show(`It shows ${newer}, and no fault explains it.`);
  if (staleMs > mostAgeMs(call, final, parameters) + parameters.skewMs) {
    return show(`At the level ${describe(call.request.level)} it shows ${newer}: that is older than promised.`);
  }
  // Age is cut to whole seconds.
  if (ageMs !== undefined && staleMs > ageMs + 1000 + parameters.skewMs) {
    return show(`It shows ${newer}, and says that it is ${ageMs / 1000} s old.`);
  }
  return [];
}

function mostAgeMs(call: Call<GetRequest>, { faults }: FinalState, parameters: Parameters): number {
  const { level } = call.request;
  const { cacheTtlMs, staleMaxMs, skewMs } = parameters;
  // The node that answers may not have the clock of the one that says when the database was read.
  if (level.kind === 'no-cache') return skewMs;
  if (level.kind === 'max-age') return Math.min(level.seconds * 1000, cacheTtlMs);
  if (level.kind === 'stale-if-error' && faults.happened.some((fault) => isDatabaseDown(fault, call, skewMs))) {
    return cacheTtlMs + Math.min(level.seconds * 1000, staleMaxMs);
  }
  return cacheTtlMs;
}

/**
 * Whether a fault lets the answer be stale at all: the database is down, and the read takes what there is, or the cache
 * may have missed the newest write. Had it not, that write would have removed whatever older was there.
 */
function isExcused(
  call: Call<GetRequest>,
  newest: State,
  { faults }: FinalState,
  { cacheTtlMs, skewMs }: Parameters,
): boolean {
  const { level } = call.request;
  return faults.happened.some((fault) => {
    if (level.kind === 'stale-if-error' && isDatabaseDown(fault, call, skewMs)) return true;
    if (level.kind === 'no-cache' || !fault.mayStaleCache || call.startedAt > fault.to + cacheTtlMs + skewMs)
      return false;
    return newest.from <= fault.to + skewMs && newest.reachedBy >= fault.from - skewMs;
  });
}

function isDatabaseDown({ mayFailDatabase, from, to }: FaultWindow, call: Call, skewMs: number): boolean {
  return mayFailDatabase && from <= call.endedAt && call.startedAt <= to + skewMs;
}

function describe(level: ReadLevel): string {
  return 'seconds' in level ? `${level.kind}=${level.seconds}` : level.kind;
}

function violation(call: Call<GetRequest>, sentence: string, others: readonly (number | undefined)[] = []): Violation {
  const shown = others.filter((number) => number !== undefined);
  return { subject: call.request.key, sentence, calls: [...new Set([call.number, ...shown])] };
}
