import type { WriteCondition } from '../history/call.ts';

/*
 * One key as a register with versions, the object that DESIGN §2 promises to be linearizable, and the operations on it as
 * the search of a linearization takes them.
 */

/** What the register holds: no entry, an entry at a version, or one of which nobody was told the version. */
export type Held = 'nothing' | 'unknown' | number;

/** Where the register is in the order of its known versions, and what it holds there. */
export interface RegisterState {
  readonly held: Held;
  /** The highest version given so far that is known. */
  readonly version: number;
}

interface Timed {
  /** Numbers of the calls it comes from. */
  readonly calls: readonly number[];
  /** It takes effect between these, run clock. */
  readonly start: number;
  readonly end: number;
  /** For a sentence, such as "the get". */
  readonly name: string;
}

/** A read, a rejected write, or the delete of an absent key: changes nothing, and says what the register held. */
export interface Observation extends Timed {
  readonly kind: 'observation';
  holds(state: RegisterState): boolean;
}

/** A write that was applied at a version that is known, so that its place among those like it is known too. */
export interface VersionedWrite extends Timed {
  readonly kind: 'versioned';
  readonly action: 'put' | 'delete';
  readonly version: number;
  readonly condition: WriteCondition | undefined;
  /** Whether the store said that there was no entry before; undefined when it did not say. */
  readonly created: boolean | undefined;
}

/** A write that was applied at a version nobody was told. */
export interface UnversionedWrite extends Timed {
  readonly kind: 'unversioned';
  readonly action: 'put' | 'delete';
  readonly condition: WriteCondition | undefined;
  readonly created: boolean | undefined;
}

/** A write that took effect at some time after its start, or never. Its value was not seen by anybody. */
export interface PossibleWrite {
  readonly kind: 'possible';
  readonly action: 'put' | 'delete';
  readonly condition: WriteCondition | undefined;
  readonly start: number;
}

/** What took effect for certain. */
export type CertainOperation = Observation | VersionedWrite | UnversionedWrite;

/** Everything that is to be put in one order. */
export interface RegisterHistory {
  readonly certain: readonly CertainOperation[];
  readonly possible: readonly PossibleWrite[];
}

export const emptyRegister: RegisterState = { held: 'nothing', version: 0 };

/** Whether a condition is met. A version that no known write has may be that of the entry of unknown version. */
export function conditionHolds(condition: WriteCondition | undefined, { held, version }: RegisterState): boolean {
  switch (condition?.kind) {
    case undefined:
      return true;
    case 'absent':
      return held === 'nothing';
    case 'present':
      return held !== 'nothing';
    case 'version':
      return held === condition.version || (held === 'unknown' && condition.version > version);
  }
}

/** Whether a condition can have been found not to hold. */
export function conditionFails(condition: WriteCondition | undefined, state: RegisterState): boolean {
  // Of the entry of unknown version nobody can say that it had the version asked for.
  if (condition?.kind === 'version' && state.held === 'unknown') return true;
  return !conditionHolds(condition, state);
}

/** The state after a write; undefined when the register would not take it, or would say something else of it. */
export function afterWrite(
  state: RegisterState,
  write: VersionedWrite | UnversionedWrite | PossibleWrite,
): RegisterState | undefined {
  if (!conditionHolds(write.condition, state)) return undefined;
  const created = write.kind === 'possible' ? undefined : write.created;
  if (created !== undefined && created !== (state.held === 'nothing')) return undefined;
  if (write.kind !== 'versioned') return { ...state, held: write.action === 'put' ? 'unknown' : 'nothing' };
  if (write.version <= state.version) return undefined;
  // The delete of an absent key has no version.
  if (write.action === 'delete' && state.held === 'nothing') return undefined;
  return { held: write.action === 'put' ? write.version : 'nothing', version: write.version };
}
