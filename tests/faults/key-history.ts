import { equal, fail, ok } from 'node:assert/strict';
import type { Receipt } from '../framework/documents.ts';
import type { Attempt, Ledger, Sighting, WriteCondition } from './ledger.ts';

/*
 * What may have become of one key, from what was sent and seen. A key that one client alone writes has one order: a
 * connection that was cut with the process leaves its write either before all that came later, or nowhere.
 */

/** What the key may hold now. */
interface Possible {
  /** Set while it can only be this. */
  certain: Sighting | undefined;
  /** Writes that may or may not have been applied since. */
  unsure: Attempt[];
  /** The highest version that is known to have been given. */
  version: number;
  /** Whether an unsure write may still be applied after what came later. */
  readonly canLandLate: boolean;
}

export function checkOwnKey(ledger: Ledger, key: string): void {
  const state: Possible = {
    certain: { value: undefined, version: undefined },
    unsure: [],
    version: 0,
    canLandLate: ledger.canLandLate,
  };
  const versions = new ValueVersions(key);
  const firsts = new Map<string, Receipt>();
  for (const event of ledger.of(key)) {
    if (event.kind === 'sighting') {
      takeSighting(key, state, event.sighting);
      versions.note(event.sighting.value, event.sighting.version);
      continue;
    }
    const { attempt } = event;
    if (attempt.result.kind === 'refused') continue;
    const outcome = ledger.outcomeOf(attempt);
    if (outcome === undefined) {
      state.unsure.push(attempt);
      continue;
    }
    if (isRepetition(key, attempt, outcome, firsts)) continue;
    takeOutcome(key, state, attempt, outcome);
    if (outcome.status === 'applied') versions.note(attempt.value, outcome.version);
  }
}

/** A key that many write: no order between them, but one version for each write, and the highest is what is there. */
export function checkSharedKey(ledger: Ledger, key: string): void {
  const versions = new ValueVersions(key);
  const byVersion = new Map<number, string | undefined>();
  let highest = 0;
  for (const attempt of ledger.attemptsOf(key)) {
    const outcome = ledger.outcomeOf(attempt);
    if (outcome === undefined) continue;
    checkAcknowledged(key, attempt, outcome);
    if (outcome.status !== 'applied' || outcome.version === undefined) continue;
    versions.note(attempt.value, outcome.version);
    const other = byVersion.get(outcome.version) ?? attempt.value;
    equal(other, attempt.value, `${key}: two writes have version ${outcome.version}`);
    byVersion.set(outcome.version, attempt.value);
    highest = Math.max(highest, outcome.version);
  }
  let seen = 0;
  for (const event of ledger.of(key)) {
    if (event.kind !== 'sighting' || event.sighting.version === undefined) continue;
    const { value, version } = event.sighting;
    ok(version >= seen, `${key} went back from version ${seen} to ${version}`);
    versions.note(value, version);
    seen = version;
  }
  ok(seen >= highest, `${key} is at version ${seen}, but version ${highest} was acknowledged`);
}

/** No value may ever be seen under two versions: that would be one write applied twice. */
class ValueVersions {
  readonly #key: string;
  readonly #versions = new Map<string, number>();

  constructor(key: string) {
    this.#key = key;
  }

  note(value: string | undefined, version: number | undefined): void {
    if (value === undefined || version === undefined) return;
    const before = this.#versions.get(value) ?? version;
    equal(version, before, `${this.#key}: the value ${value.slice(0, 40)} was applied twice`);
    this.#versions.set(value, version);
  }
}

function takeSighting(key: string, state: Possible, sighting: Sighting): void {
  const { certain, unsure } = state;
  const name = `${key} holds ${sighting.value?.slice(0, 40) ?? 'nothing'} at version ${sighting.version ?? 'none'}`;
  if (sighting.version !== undefined) ok(sighting.version >= state.version, `${name}, it was at ${state.version}`);
  const isAsBefore = certain !== undefined && certain.version === sighting.version && certain.value === sighting.value;
  const isUnsure = unsure.some(({ value }) => value === sighting.value);
  if (!isAsBefore && !isUnsure) fail(`${name}; it should hold ${describeState(state)}`);
  state.certain = sighting;
  // A value that is seen has landed, and lands no second time.
  const isOpen = ({ value }: Attempt) => value === undefined || value !== sighting.value;
  state.unsure = state.canLandLate ? unsure.filter(isOpen) : [];
  state.version = Math.max(state.version, sighting.version ?? 0);
}

function takeOutcome(key: string, state: Possible, attempt: Attempt, outcome: Receipt): void {
  const { condition, value, action, toldVersion } = attempt;
  const name = `${key}: ${action} ${value?.slice(0, 40) ?? ''} (${outcome.id})`;
  checkAcknowledged(key, attempt, outcome);
  equal(toldVersion ?? outcome.version, outcome.version, `${name} was told another version than its operation has`);
  if (outcome.status === 'failed') return;
  const before = state.unsure.length === 0 ? state.certain : undefined;
  if (before !== undefined && isThereAlready(attempt, outcome, before)) {
    if (value !== undefined) equal(outcome.version, before.version, `${name} was applied twice`);
    state.version = outcome.version ?? state.version;
    return;
  }
  if (before !== undefined) {
    const shouldHold = holds(condition, before);
    equal(outcome.status === 'applied', shouldHold, `${name} on ${describeState(state)}: ${outcome.status}`);
  }
  if (outcome.status !== 'applied') return;
  const { version } = outcome;
  if (version !== undefined) ok(version > state.version, `${name} has version ${version} after ${state.version}`);
  else ok(action === 'delete' && before?.value === undefined, `${name} has no version`);
  state.certain = { value, version: value === undefined ? undefined : version };
  const { idempotencyKey } = attempt;
  const isSame = (other: Attempt) => idempotencyKey !== undefined && other.idempotencyKey === idempotencyKey;
  state.unsure = state.canLandLate ? state.unsure.filter((other) => !isSame(other)) : [];
  state.version = version ?? state.version;
}

function checkAcknowledged(key: string, { result }: Attempt, { status, id }: Receipt): void {
  const wasAcknowledged = result.kind === 'named' && result.isAcknowledged;
  if (wasAcknowledged && status === 'failed') fail(`${key}: the acknowledged write ${id} ended as failed`);
}

/** Whether a write that was cut and is repeated under its Idempotency-Key had been applied the first time. */
function isThereAlready({ idempotencyKey, value }: Attempt, { status }: Receipt, before: Sighting): boolean {
  return idempotencyKey !== undefined && status === 'applied' && before.value === value;
}

function holds(condition: WriteCondition | undefined, { version }: Sighting): boolean {
  if (condition === undefined) return true;
  if (condition.kind === 'version') return version === condition.version;
  return (version === undefined) === (condition.kind === 'absent');
}

/** Whether this write had its outcome under its Idempotency-Key before; it must be the same then. */
function isRepetition(key: string, attempt: Attempt, outcome: Receipt, firsts: Map<string, Receipt>): boolean {
  const { idempotencyKey } = attempt;
  if (idempotencyKey === undefined || outcome.status === 'failed') return false;
  const first = firsts.get(idempotencyKey);
  if (first === undefined) {
    firsts.set(idempotencyKey, outcome);
    return false;
  }
  const what = `${key}: ${idempotencyKey} was ${first.status} at ${first.version}, then ${outcome.status} at ${outcome.version}`;
  ok(first.status === outcome.status && first.version === outcome.version, what);
  return true;
}

function describeState({ certain, unsure }: Possible): string {
  const sure = certain?.value === undefined ? 'nothing' : `${certain.value.slice(0, 40)} at ${certain.version}`;
  return unsure.length === 0 ? sure : `${sure}, or one of ${unsure.length} writes that were cut`;
}
