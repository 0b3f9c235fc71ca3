import { answerOf, type Call, callsOf, type GetRequest, type ListRequest } from '../history/call.ts';
import { wallTime } from '../history/history.ts';
import { Ledger } from './ledger.ts';
import type { Check, Violation } from './report.ts';
import { type Timeline, Timelines } from './timeline.ts';
import type { Attempt } from './write.ts';

/*
 * A read that names writes in its Sync-Token is not answered before each has an outcome, and never with less of its own
 * key than they left, whatever its level and whatever fault there is. (docs/consistency.md, "Sync-Token".)
 */

/** Judges every get and list with a Sync-Token of the run. */
export const checkSyncToken: Check = (history, final, { skewMs }) => {
  const ledger = new Ledger(history, final);
  const timelines = new Timelines(ledger, skewMs);
  const counts = { gets: 0, lists: 0, tokens: 0, notYetVisible: 0 };
  const violations: Violation[] = [];
  for (const call of [...callsOf(history.calls, 'get'), ...callsOf(history.calls, 'list')]) {
    const attempts = (call.request.syncTokens ?? []).flatMap((id) => ledger.attemptOf.get(id) ?? []);
    const answer = answerOf(call);
    if (attempts.length === 0 || answer === undefined) continue;
    if (answer.problem === 'not-yet-visible') counts.notYetVisible += 1;
    if (answer.problem === 'invalid-sync-token') {
      violations.push(violation(call, attempts, 'A Sync-Token that the store gave was refused as not its own.'));
    }
    if (answer.status !== 200 && answer.status !== 404) continue;
    counts[call.request.kind === 'get' ? 'gets' : 'lists'] += 1;
    counts.tokens += attempts.length;
    violations.push(...attempts.flatMap((attempt) => checkWaited(ledger, call, attempt, skewMs)));
    violations.push(...attempts.flatMap((attempt) => checkShown(ledger, timelines, call, attempt)));
  }
  return { name: 'sync-token', violations, counts };
};

/** The answer comes after the outcome. */
function checkWaited({ history }: Ledger, call: Reading, attempt: Attempt, skewMs: number): Violation[] {
  const { row } = attempt;
  if (row === undefined || row.settledAt <= wallTime(history, call.endedAt) + skewMs) return [];
  return [violation(call, [attempt], `It was answered before operation ${row.id} of its Sync-Token had an outcome.`)];
}

function checkShown(ledger: Ledger, timelines: Timelines, call: Reading, attempt: Attempt): Violation[] {
  const version = versionOf(attempt);
  const { key } = attempt.call.request;
  const timeline = timelines.of(key);
  const least = version === undefined ? undefined : timeline.indexOf(version);
  if (least === undefined) return [];
  const { request } = call;
  if (request.kind === 'get') {
    if (request.key !== key) return [];
    const { status, version: shown } = answerOf(call) ?? {};
    return checkNotLess(timeline, call, attempt, { shown: status === 200 ? shown : undefined, least });
  }
  const entry = answerOf(call)?.page?.entries.find((listed) => listed.key === key);
  // That a key is missing where it should be is the business of the check of lists.
  if (entry === undefined || ledger.strayRowsOf(key).length > 0) return [];
  return checkNotLess(timeline, call, attempt, { shown: entry.version, least });
}

function checkNotLess(
  timeline: Timeline,
  call: Reading,
  attempt: Attempt,
  { shown, least }: { readonly shown: number | undefined; readonly least: number },
): Violation[] {
  const index = timeline.latestShown(shown, call.endedAt);
  if (index === undefined || index >= least) return [];
  const what = shown === undefined ? 'no entry' : `version ${shown}`;
  const named = timeline.states[least]?.version;
  return [violation(call, [attempt], `It shows ${what}, although its Sync-Token names the write of version ${named}.`)];
}

/** The version that a write which a token names is known to have been applied at. */
function versionOf({ tellings }: Attempt): number | undefined {
  const versions = tellings.map(({ outcome }) => (outcome.status === 'applied' ? outcome.version : undefined));
  return versions.find((version) => version !== undefined);
}

type Reading = Call<GetRequest> | Call<ListRequest>;

function violation(call: Reading, attempts: readonly Attempt[], sentence: string): Violation {
  const { request } = call;
  const subject = request.kind === 'get' ? request.key : `list of ${request.prefix}`;
  return { subject, sentence, calls: [call.number, ...attempts.map((attempt) => attempt.call.number)] };
}
