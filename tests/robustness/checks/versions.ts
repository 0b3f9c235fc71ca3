import type { WriteCondition } from '../history/call.ts';
import { isUnclaimed, Ledger, type Sighting } from './ledger.ts';
import { describeOutcome, type Outcome } from './outcome.ts';
import type { Check, Violation } from './report.ts';
import { appliedRows, type RowOfKey } from './row-of-key.ts';
import { contradiction, type Write } from './write.ts';

/*
 * Versions of one key never go back and never repeat; ETag, value and operations log say the same; `created` says whether
 * there was an entry before; all attempts under one Idempotency-Key have one outcome.
 */

export const checkVersions: Check = (history, final) => {
  const ledger = new Ledger(history, final);
  const violations: Violation[] = [];
  let rows = 0;
  for (const key of ledger.keys) {
    const ofKey = appliedRows(ledger, key);
    rows += ofKey.length;
    violations.push(...checkUnique(ledger, key, ofKey));
    violations.push(...checkSightings(ledger, key));
    violations.push(...checkNeverBack(ledger, key));
    if (final.log.isWhole) violations.push(...checkCreated(key, ofKey), ...checkReal(ledger, key, ofKey));
  }
  const repeated = ledger.writes.filter(({ attempts }) => attempts.length > 1);
  violations.push(...ledger.writes.flatMap(checkOneOutcome), ...checkConflicts(ledger.writes));
  const counts = { rows, sightings: ledger.sightings.length, repeatedWrites: repeated.length };
  return { name: 'versions', violations, counts };
};

/** Two rows of one key have one version only when they are attempts at the same write. */
function checkUnique(ledger: Ledger, key: string, rows: readonly RowOfKey[]): Violation[] {
  const byVersion = Map.groupBy(rows, ({ version }) => version);
  return [...byVersion].flatMap(([version, same]) => {
    const writes = new Set(same.map(({ write }) => write));
    if (same.length === 1 || (writes.size === 1 && same[0]?.write !== undefined)) return [];
    if (same.every(({ write }) => write === undefined) && wasRepeated(ledger, key, same.length)) return [];
    const calls = same.flatMap((row) => row.write?.calls ?? []);
    return [{ subject: key, sentence: `Different writes have the version ${version}.`, calls: [...new Set(calls)] }];
  });
}

/** Whether some write of the key may have several rows, all of attempts that nobody was answered. */
function wasRepeated(ledger: Ledger, key: string, times: number): boolean {
  return ledger.writesOf(key).some(({ attempts }) => attempts.filter(isUnclaimed).length >= times);
}

/** One value for each version, and the version that its writer was told. */
function checkSightings(ledger: Ledger, key: string): Violation[] {
  const first = new Map<number, Sighting>();
  return ledger.sightingsOf(key).flatMap((sighting) => {
    const { version, value, call } = sighting;
    if (value === undefined) return [];
    const calls = call === undefined ? [] : [call.number];
    const before = first.get(version) ?? sighting;
    first.set(version, before);
    if (before.value !== value) {
      const sentence = `Two values were shown at version ${version}.`;
      return [
        { subject: key, sentence, calls: [...calls, ...(before.call === undefined ? [] : [before.call.number])] },
      ];
    }
    const write = ledger.writeOfValue(key, value);
    const outcome = write?.outcome;
    if (write === undefined || outcome?.status !== 'applied' || outcome.version === version) return [];
    const sentence = `A value was shown at version ${version} that was written at version ${outcome.version}.`;
    return [{ subject: key, sentence, calls: [...calls, ...write.calls] }];
  });
}

/** What is read past the cache never has a lower version than somebody was shown before. */
function checkNeverBack(ledger: Ledger, key: string): Violation[] {
  const shown = shownVersions(ledger, key).toSorted((a, b) => a.endedAt - b.endedAt);
  const fresh = ledger.sightingsOf(key).flatMap(({ version, call }) => {
    const isFresh = call !== undefined && (call.request.kind === 'list' || call.request.level.kind === 'no-cache');
    return isFresh ? [{ version, call }] : [];
  });
  let next = 0;
  let highest: Shown | undefined;
  return fresh
    .toSorted((a, b) => a.call.startedAt - b.call.startedAt)
    .flatMap(({ version, call }) => {
      for (let one = shown[next]; one !== undefined && one.endedAt < call.startedAt; one = shown[next]) {
        if (one.version > (highest?.version ?? 0)) highest = one;
        next += 1;
      }
      if (highest === undefined || highest.version <= version) return [];
      const sentence = `It went back from version ${highest.version} to ${version}.`;
      return [{ subject: key, sentence, calls: [call.number, highest.number] }];
    });
}

interface Shown {
  readonly version: number;
  readonly endedAt: number;
  readonly number: number;
}

function shownVersions(ledger: Ledger, key: string): Shown[] {
  const seen = ledger.sightingsOf(key).flatMap(({ version, call }) => (call === undefined ? [] : [{ version, call }]));
  const told = ledger.writesOf(key).flatMap(({ tellings }) =>
    tellings.flatMap(({ outcome, call }) => {
      const version = outcome.status === 'applied' ? outcome.version : undefined;
      return version === undefined || call === undefined ? [] : [{ version, call }];
    }),
  );
  return [...seen, ...told].map(({ version, call }) => ({ version, endedAt: call.endedAt, number: call.number }));
}

/** `created` and the condition of each write against the state that the write before it left. */
function checkCreated(key: string, rows: readonly RowOfKey[]): Violation[] {
  // A retry has the outcome of the first attempt, which is its place.
  const firsts = rows.filter(({ version }, index) => rows[index - 1]?.version !== version);
  return firsts.flatMap(({ row, version, write }, index) => {
    const last = firsts[index - 1];
    const before = last !== undefined && isLiveAt(last, row.settledAt) ? last.version : undefined;
    const found = before === undefined ? 'there was none' : `there was one at version ${before}`;
    const calls = [...(write?.calls ?? []), ...(last?.write?.calls ?? [])];
    const violation = (sentence: string) => [{ subject: key, sentence, calls }];
    if (row.action === 'put' && row.created !== undefined && row.created !== (before === undefined)) {
      return violation(`Version ${version} says that created is ${row.created}, but of entries ${found}.`);
    }
    const condition = write?.condition;
    if (condition === undefined || holds(condition, before)) return [];
    const asked = condition.kind === 'version' ? `version ${condition.version}` : condition.kind;
    return violation(`Version ${version} was applied on the condition "${asked}", but of entries ${found}.`);
  });
}

function isLiveAt({ row }: RowOfKey, time: number): boolean {
  return row.action === 'put' && (row.expiresAt === undefined || row.expiresAt > time);
}

function holds(condition: WriteCondition, version: number | undefined): boolean {
  if (condition.kind === 'version') return version === condition.version;
  return (version === undefined) === (condition.kind === 'absent');
}

/** Every version that was shown is one that the log says was put. */
function checkReal(ledger: Ledger, key: string, rows: readonly RowOfKey[]): Violation[] {
  const puts = new Set(rows.filter(({ row }) => row.action === 'put').map(({ version }) => version));
  return ledger.sightingsOf(key).flatMap(({ version, call }) => {
    if (puts.has(version)) return [];
    const calls = call === undefined ? [] : [call.number];
    return [{ subject: key, sentence: `It was shown at version ${version}, which no put in the log has.`, calls }];
  });
}

/** The attempts of a write have one outcome between them, but for those that failed. */
function checkOneOutcome({ key, attempts, tellings }: Write): Violation[] {
  if (attempts.length < 2) return [];
  const pair = contradiction(tellings.filter(({ outcome }) => outcome.status !== 'failed'));
  if (pair === undefined) return [];
  const [one, other] = pair.map(({ outcome }) => describeOutcome(outcome));
  const calls = attempts.map(({ call }) => call.number);
  const sentence = `Attempts under one Idempotency-Key have different outcomes: ${one} and ${other}.`;
  return [{ subject: key, sentence, calls }];
}

/** Of several requests under one Idempotency-Key one alone can have an outcome; the others conflict with it. */
function checkConflicts(writes: readonly Write[]): Violation[] {
  const keyed = writes.filter(({ idempotencyKey }) => idempotencyKey !== undefined);
  const sharing = Map.groupBy(keyed, ({ key, idempotencyKey }) => JSON.stringify([key, idempotencyKey]));
  return [...sharing.values()].flatMap((same) => {
    const decided = same.filter(({ outcome }) => isDecision(outcome));
    const [first] = decided;
    if (first === undefined || decided.length === 1) return [];
    const sentence = `Different requests under the Idempotency-Key ${first.idempotencyKey} were each carried out.`;
    return [{ subject: first.key, sentence, calls: decided.flatMap(({ calls }) => calls) }];
  });
}

function isDecision(outcome: Outcome | undefined): boolean {
  if (outcome?.status === 'applied') return true;
  return outcome?.status === 'rejected' && outcome.problem !== 'idempotency-conflict';
}
