import { answerOf, type Call, callsOf, type GetRequest, isWrite } from '../history/call.ts';
import type { View } from '../history/final-state.ts';
import type { Ledger } from './ledger.ts';
import {
  type CertainOperation,
  conditionFails,
  conditionHolds,
  type Observation,
  type PossibleWrite,
  type RegisterHistory,
  type RegisterState,
} from './register-operation.ts';
import { unansweredSince } from './stray-rows.ts';
import type { Write } from './write.ts';

/*
 * What calls and log say about one key, as operations on a register: writes, and the reads past the cache. A write takes
 * effect after the first attempt was sent, and before the first answer that told its outcome. One that was accepted, or
 * of which nobody knows, does so at any time before the quiet, if the log says that it did.
 */

/** The reads past the cache that were answered with an entry or with none, by key. */
export function freshReads(ledger: Ledger): ReadonlyMap<string, readonly Call<GetRequest>[]> {
  const reads = callsOf(ledger.history.calls, 'get').filter((call) => {
    const { level } = call.request;
    const isFresh = level.kind === 'no-cache' || (level.kind === 'max-age' && level.seconds === 0);
    const status = answerOf(call)?.status;
    return isFresh && (status === 200 || status === 404);
  });
  return Map.groupBy(reads, ({ request }) => request.key);
}

/** @param quietAt a time after all calls */
export function registerHistory(
  ledger: Ledger,
  key: string,
  reads: readonly Call<GetRequest>[],
  quietAt: number,
): RegisterHistory {
  const certain: CertainOperation[] = reads.map((call) => {
    const { status, version, value } = answerOf(call) ?? {};
    const view = status === 200 ? { version, value } : {};
    const { number, startedAt: start, endedAt: end } = call;
    return { kind: 'observation', name: 'get', calls: [number], start, end, holds: showing(ledger, key, view) };
  });
  const possible: PossibleWrite[] = [];
  for (const write of ledger.writesOf(key)) {
    certain.push(...certainOf(write, quietAt));
    const { action, condition, sentAt: start } = write;
    if (ledger.mayHaveLanded(write)) possible.push({ kind: 'possible', action, condition, start });
  }
  certain.push(...strays(ledger, key, quietAt), ...afterQuiet(ledger, key, quietAt));
  return { certain, possible };
}

function certainOf(write: Write, quietAt: number): CertainOperation[] {
  const { outcome, action, condition, calls, sentAt: start } = write;
  const common = { calls, start, end: Math.min(write.settledBy, quietAt) };
  if (outcome?.status === 'rejected') {
    if (outcome.problem !== 'version-mismatch') return [];
    return [{ ...common, kind: 'observation', name: `rejected ${action}`, holds: rejecting(write) }];
  }
  if (outcome?.status !== 'applied') return [];
  const { version, created } = outcome;
  if (version !== undefined) {
    return [{ ...common, kind: 'versioned', name: action, action, version, condition, created }];
  }
  if (action === 'put' || !isKnownWithoutVersion(write)) {
    return [{ ...common, kind: 'unversioned', name: action, action, condition, created }];
  }
  const holds = (state: RegisterState) => state.held === 'nothing' && conditionHolds(condition, state);
  return [{ ...common, kind: 'observation', name: 'delete of nothing', holds }];
}

/** The answer to a waited delete leaves its version out; a receipt and the log do not. */
function isKnownWithoutVersion({ tellings }: Write): boolean {
  return tellings.some(({ outcome, call }) => outcome.status === 'applied' && (call === undefined || !isWrite(call)));
}

function rejecting({ condition, tellings }: Write): Observation['holds'] {
  const told = tellings.flatMap(({ outcome, call }) => (outcome.status === 'rejected' ? [{ outcome, call }] : []));
  const current = told.find(({ outcome }) => outcome.currentVersion !== undefined)?.outcome.currentVersion;
  // The answer to the write itself names what stood, so that one without says that nothing did.
  const wasNothing = current === undefined && told.some(({ call }) => call !== undefined && isWrite(call));
  return (state) => {
    if (!conditionFails(condition, state)) return false;
    if (wasNothing) return state.held === 'nothing';
    return current === undefined || state.held === current || (state.held === 'unknown' && current > state.version);
  };
}

/** A version and a value have to belong together, and to be what the register holds. */
function showing(ledger: Ledger, key: string, { version, value }: View): Observation['holds'] {
  if (version === undefined) return ({ held }) => held === 'nothing';
  const outcome = value === undefined ? undefined : ledger.writeOfValue(key, value)?.outcome;
  const isOwn = outcome?.status === 'applied' && outcome.version === version;
  return ({ held }) => held === version && isOwn;
}

/** Rows of calls that got no answer. Which of those it was is not known, so the earliest is taken. */
function strays(ledger: Ledger, key: string, quietAt: number): CertainOperation[] {
  const seen = new Set<number>();
  return ledger.strayRowsOf(key).flatMap(({ status, version, action, created }) => {
    if (status !== 'applied' || version === undefined || action === undefined || seen.has(version)) return [];
    seen.add(version);
    const [start = Number.NEGATIVE_INFINITY] = unansweredSince(ledger, key, action);
    const common = { calls: [], name: `${action} without an answer`, condition: undefined };
    return [{ ...common, kind: 'versioned', action, version, created, start, end: quietAt }];
  });
}

function afterQuiet(ledger: Ledger, key: string, quietAt: number): CertainOperation[] {
  const read = ledger.final.keys.find((one) => one.key === key);
  if (read === undefined) return [];
  const holds = showing(ledger, key, read.database);
  return [{ kind: 'observation', name: 'read after quiet', calls: [], start: quietAt + 1, end: quietAt + 1, holds }];
}
