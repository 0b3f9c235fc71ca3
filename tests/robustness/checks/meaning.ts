import { answerOf, type Call, callsOf, type Loss, type ReadLevel, type RequestKind } from '../history/call.ts';
import type { FaultWindow, FinalState } from '../history/final-state.ts';
import type { History } from '../history/history.ts';
import { Ledger } from './ledger.ts';
import type { LeastTraffic } from './parameters.ts';
import type { Check, Violation } from './report.ts';

/*
 * A run that proves nothing fails (as etcd's robustness tests do below a rate of traffic): every kind of call and of
 * answer that the other checks are about has to have come up often enough, and every fault that was planned has to have
 * happened, with traffic before, during and after it.
 */

/** Something that has to come up. */
interface Amount {
  readonly subject: string;
  readonly what: string;
  readonly is: number;
  readonly least: number;
}

const kinds: Readonly<Record<RequestKind, true>> = { put: true, delete: true, get: true, list: true, operation: true };
const levels: Readonly<Record<ReadLevel['kind'], true>> = {
  cached: true,
  'no-cache': true,
  'max-age': true,
  'only-if-cached': true,
  'stale-if-error': true,
};

export const checkMeaning: Check = (history, final, { least }) => {
  const amounts = [
    ...trafficOf(history, least),
    ...kindsOf(history, least),
    ...writesOf(new Ledger(history, final), least),
    ...failuresOf(history, least),
    ...faultsOf(history, final, least),
  ];
  const violations: Violation[] = amounts
    .filter((amount) => amount.is < amount.least)
    .map(({ subject, what, is, least: needed }) => ({ subject, sentence: `${is} ${what}, of ${needed}.`, calls: [] }));
  const counts = Object.fromEntries(amounts.map(({ subject, what, is }) => [`${subject}: ${what}`, is]));
  return { name: 'meaning', violations: [...violations, ...missingFaults(final)], counts };
};

function trafficOf({ calls }: History, least: LeastTraffic): Amount[] {
  const keys = new Set(calls.flatMap(({ request }) => ('key' in request ? [request.key] : [])));
  const writes = [...callsOf(calls, 'put'), ...callsOf(calls, 'delete')];
  const writesOfKey = Map.groupBy(writes, ({ request }) => request.key);
  const hottest = [...writesOfKey.values()].reduce((most, { length }) => Math.max(most, length), 0);
  const clients = new Set(calls.map(({ client }) => client));
  const losses = Map.groupBy(calls, ({ result }) => (result.kind === 'lost' ? result.how : undefined));
  const lost = (how: Loss) => losses.get(how)?.length ?? 0;
  const gets = callsOf(calls, 'get').filter(({ request: { syncTokens = [] } }) => syncTokens.length > 0);
  return [
    { subject: 'run', what: 'calls', is: calls.length, least: least.calls },
    { subject: 'run', what: 'clients', is: clients.size, least: least.clients },
    { subject: 'run', what: 'keys', is: keys.size, least: least.keys },
    { subject: 'run', what: 'calls that timed out', is: lost('timeout'), least: least.timedOutCalls },
    { subject: 'run', what: 'calls that were hung up', is: lost('hung-up'), least: least.hungUpCalls },
    { subject: 'run', what: 'writes of the hottest key', is: hottest, least: least.writesOfHottestKey },
    {
      subject: 'run',
      what: 'answered reads with a Sync-Token',
      is: gets.filter(isRead).length,
      least: least.readsWithSyncToken,
    },
  ];
}

function kindsOf({ calls }: History, least: LeastTraffic): Amount[] {
  const ofKind = Map.groupBy(calls.filter(isAnswered), ({ request }) => request.kind);
  const ofLevel = Map.groupBy(callsOf(calls, 'get').filter(isRead), ({ request }) => request.level.kind);
  return [
    ...namesOf(kinds).map((kind) => {
      return { subject: kind, what: 'answered calls', is: ofKind.get(kind)?.length ?? 0, least: least.callsOfKind };
    }),
    ...namesOf(levels).map((level) => {
      return { subject: level, what: 'answered reads', is: ofLevel.get(level)?.length ?? 0, least: least.readsOfLevel };
    }),
  ];
}

function writesOf(ledger: Ledger, least: LeastTraffic): Amount[] {
  const { writes, history } = ledger;
  const attempts = writes.flatMap((write) => write.attempts);
  const withAnswer = (kind: 'settled' | 'accepted' | 'unknown') =>
    attempts.filter(({ answer }) => answer.kind === kind);
  const applied = writes.filter(({ outcome }) => outcome?.status === 'applied');
  const rejected = writes.filter(({ outcome }) => outcome?.status === 'rejected');
  const asked = callsOf(history.calls, 'operation').filter((call) => {
    const { status = 'queued' } = answerOf(call)?.receipt ?? {};
    return status !== 'queued';
  });
  const amount = (what: string, { length }: readonly unknown[], of: number): Amount => {
    return { subject: 'run', what, is: length, least: of };
  };
  return [
    amount('waited writes with an outcome', withAnswer('settled'), least.waitedWrites),
    amount('writes answered 202', withAnswer('accepted'), least.acceptedWrites),
    amount('writes without a known answer', withAnswer('unknown'), least.unknownWrites),
    amount('outcomes told to who asked', asked, least.outcomesAsked),
    amount('conditions met', applied.filter(hasCondition), least.appliedConditions),
    amount('conditions not met', rejected.filter(hasCondition), least.rejectedConditions),
    amount(
      'retried writes applied',
      applied.filter((write) => write.attempts.length > 1),
      least.retriedWrites,
    ),
    amount(
      'expiring writes',
      applied.filter(({ ttlSeconds }) => ttlSeconds !== undefined),
      least.expiringWrites,
    ),
  ];
}

function failuresOf({ calls }: History, least: LeastTraffic): Amount[] {
  const callsOfClient = Map.groupBy(calls, ({ client }) => client);
  return [...callsOfClient].map(([client, own]) => {
    const failed = own.filter((call) => (answerOf(call)?.status ?? 500) >= 500);
    return { subject: client, what: 'calls that failed', is: failed.length, least: least.failuresOfClient };
  });
}

function faultsOf({ calls }: History, { faults: { happened } }: FinalState, least: LeastTraffic): Amount[] {
  if (happened.length === 0) return [];
  const first = happened.reduce((earliest, { from }) => Math.min(earliest, from), Number.POSITIVE_INFINITY);
  const last = happened.reduce((latest, { to }) => Math.max(latest, to), Number.NEGATIVE_INFINITY);
  const before = calls.filter(({ startedAt }) => startedAt < first);
  const writes = [...callsOf(calls, 'put'), ...callsOf(calls, 'delete')];
  const after = writes.filter((call) => call.startedAt > last && [201, 204, 412].includes(answerOf(call)?.status ?? 0));
  return [
    { subject: 'run', what: 'calls before the faults', is: before.length, least: least.callsBeforeFaults },
    {
      subject: 'run',
      what: 'writes with an outcome after the faults',
      is: after.length,
      least: least.writesAfterFaults,
    },
    ...happened.map((fault) => {
      const during = calls.filter((call) => isDuring(call, fault));
      return { subject: fault.name, what: 'calls while it lasted', is: during.length, least: least.callsInFault };
    }),
  ];
}

function missingFaults({ faults: { planned, happened } }: FinalState): Violation[] {
  const plannedOf = Map.groupBy(planned, (name) => name);
  return [...plannedOf].flatMap(([name, { length }]) => {
    const count = happened.filter((fault) => fault.name === name).length;
    if (count >= length) return [];
    return [
      { subject: name, sentence: `The fault was planned ${length} times and happened ${count} times.`, calls: [] },
    ];
  });
}

function isDuring({ startedAt }: Call, { from, to }: FaultWindow): boolean {
  return startedAt >= from && startedAt <= to;
}

function isAnswered(call: Call): boolean {
  return answerOf(call) !== undefined;
}

function isRead(call: Call): boolean {
  const status = answerOf(call)?.status;
  return status === 200 || status === 404;
}

function hasCondition({ condition }: { readonly condition: unknown }): boolean {
  return condition !== undefined;
}

function namesOf<Name extends string>(names: Readonly<Record<Name, true>>): readonly Name[] {
  return Object.keys(names) as Name[];
}
