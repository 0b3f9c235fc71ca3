import type { SearchBounds } from './parameters.ts';
import {
  afterWrite,
  type CertainOperation,
  emptyRegister,
  type Observation,
  type PossibleWrite,
  type RegisterHistory,
  type RegisterState,
  type UnversionedWrite,
  type VersionedWrite,
} from './register-operation.ts';

/*
 * Whether the operations on one register can be put in one order, each at a moment between its start and its end, such
 * that the register would have given every answer.
 *
 * This is the search of Wing and Gong (1993) with Lowe's memoisation (2017), in his just-in-time form: time is walked
 * once, and what is kept is every configuration that may be true at that moment, a configuration being the operations
 * under way that have taken effect and the state they left. Only when an operation ends do configurations in which it has
 * not taken effect move on, each in every way that gets it done; those that cannot are dropped. None left: not
 * linearizable. Each key is searched alone, since a history is linearizable if each of its objects' is (Herlihy and Wing
 * 1990).
 *
 * Why not a checker of zones (Gibbons and Korach) for what has versions, and this for the rest? Because the version can
 * be part of what the register answers: each write gives a greater one than all before. That is promised, so it assumes
 * nothing that is to be checked, and an order of versions that real time contradicts has no linearization. Writes whose
 * versions are known then have one order, what changes nothing is done as soon as it can be, and with no other writes
 * there is one configuration at any moment, the one that has done the fewest writes: the search is a walk, as cheap as
 * zones. Only writes that may or may not have been applied at versions nobody was told branch it. Nobody saw their
 * values, so those of one action and condition are alike, and a configuration only counts them; of two that differ in
 * the counts alone, the one that has used fewer can do all that the other can, and is kept alone.
 */

export type Verdict =
  | { readonly kind: 'linearizable'; readonly configurations: number }
  | {
      readonly kind: 'refused';
      /** What cannot have taken effect between its start and its end. */
      readonly operation: CertainOperation;
      /** The last write in the order of versions that had, where the search came furthest, and the one after it. */
      readonly last: VersionedWrite | undefined;
      readonly next: VersionedWrite | undefined;
      readonly configurations: number;
    }
  /** The search was given up when this operation ended. */
  | { readonly kind: 'undecided'; readonly operation: CertainOperation; readonly configurations: number };

interface Configuration {
  readonly state: RegisterState;
  /** How many of the versioned writes have taken effect: they do so in order. */
  readonly position: number;
  /** Of the other operations under way, those that have. */
  readonly done: ReadonlySet<Observation | UnversionedWrite>;
  /** How many of each class of possible writes have. */
  readonly used: readonly number[];
}

/** Possible writes that are alike. */
interface PossibleClass {
  readonly sample: PossibleWrite;
  /** How many of them were sent by now. */
  sent: number;
}

type Moment =
  | { readonly at: number; readonly kind: 'start'; readonly operation: CertainOperation }
  | { readonly at: number; readonly kind: 'end'; readonly operation: CertainOperation }
  | { readonly at: number; readonly kind: 'possible'; readonly alike: PossibleClass };

/** Configurations at one moment above which memory, and not time, would end the search. */
const mostConfigurations = 300_000;
const expansionsBetweenClocks = 64;

/** Searches for a linearization of the operations on one register that was empty before. */
export function searchLinearization(history: RegisterHistory, bounds: SearchBounds): Verdict {
  return new LinearSearch(history, bounds).run();
}

class LinearSearch {
  readonly #bounds: SearchBounds;
  readonly #deadline: number;
  /** The versioned writes, lowest version first. */
  readonly #inOrder: readonly VersionedWrite[];
  readonly #placeOf: ReadonlyMap<CertainOperation, number>;
  readonly #classes: readonly PossibleClass[];
  readonly #moments: readonly Moment[];
  readonly #started = new Set<VersionedWrite>();
  readonly #observations = new Set<Observation>();
  readonly #unversioned = new Set<UnversionedWrite>();
  #configurations: readonly Configuration[];
  #made = 1;

  constructor({ certain, possible }: RegisterHistory, bounds: SearchBounds) {
    this.#bounds = bounds;
    this.#deadline = bounds.now() + bounds.budgetMs;
    this.#inOrder = certain.filter((one) => one.kind === 'versioned').toSorted((a, b) => a.version - b.version);
    this.#placeOf = new Map(this.#inOrder.map((write, place) => [write, place]));
    const classes = Map.groupBy(possible, ({ action, condition }) => JSON.stringify([action, condition]));
    const alike = [...classes.values()].flatMap((writes) => {
      const [sample] = writes;
      return sample === undefined ? [] : [{ of: { sample, sent: 0 }, writes }];
    });
    this.#classes = alike.map(({ of }) => of);
    const appearances = alike.flatMap(({ of, writes }) =>
      writes.map(({ start }) => ({ at: start, kind: 'possible', alike: of }) as const),
    );
    this.#moments = inTime(certain, appearances);
    const used = this.#classes.map(() => 0);
    this.#configurations = [{ state: emptyRegister, position: 0, done: new Set(), used }];
  }

  run(): Verdict {
    for (const moment of this.#moments) {
      if (moment.kind === 'possible') moment.alike.sent += 1;
      else if (moment.kind === 'start') this.#begin(moment.operation);
      else {
        const verdict = this.#end(moment.operation);
        if (verdict !== undefined) return verdict;
      }
    }
    return { kind: 'linearizable', configurations: this.#made };
  }

  #begin(operation: CertainOperation): void {
    if (operation.kind === 'versioned') this.#started.add(operation);
    else if (operation.kind === 'unversioned') this.#unversioned.add(operation);
    else {
      this.#observations.add(operation);
      this.#configurations = this.#configurations.map((one) => this.#observed(one));
    }
  }

  /** Keeps the configurations in which the operation has taken effect, moved on where it had not. */
  #end(operation: CertainOperation): Verdict | undefined {
    const waiting = this.#configurations.filter((one) => !this.#isDone(one, operation));
    if (waiting.length > 0) {
      const reached = new Memo();
      for (const one of this.#configurations) if (this.#isDone(one, operation)) reached.add(one);
      const seen = new Memo();
      const queue = waiting.filter((one) => seen.add(one));
      for (let at = 0; at < queue.length; at += 1) {
        if (this.#isOver(queue.length, at)) return { kind: 'undecided', operation, configurations: this.#made };
        for (const next of this.#successors(queue[at] as Configuration)) {
          this.#made += 1;
          if (this.#isDone(next, operation)) reached.add(next);
          else if (seen.add(next)) queue.push(next);
        }
      }
      this.#configurations = reached.all;
      if (this.#configurations.length === 0) return this.#refused(operation, queue);
    }
    this.#forget(operation);
    return undefined;
  }

  #isOver(kept: number, expanded: number): boolean {
    if (kept > mostConfigurations) return true;
    return expanded % expansionsBetweenClocks === expansionsBetweenClocks - 1 && this.#bounds.now() > this.#deadline;
  }

  #refused(operation: CertainOperation, tried: readonly Configuration[]): Verdict {
    const position = tried.reduce((furthest, one) => Math.max(furthest, one.position), 0);
    const [last, next] = [this.#inOrder[position - 1], this.#inOrder[position]];
    return { kind: 'refused', operation, last, next, configurations: this.#made };
  }

  /** What has taken effect whichever configuration is true need not be told apart any more. */
  #forget(ended: CertainOperation): void {
    const [first, ...rest] = this.#configurations;
    const settled = [...(first?.done ?? [])].filter((one) => one === ended || rest.every(({ done }) => done.has(one)));
    if (settled.length === 0) return;
    for (const one of settled) {
      if (one.kind === 'observation') this.#observations.delete(one);
      else this.#unversioned.delete(one);
    }
    const dropped = new Set(settled);
    this.#configurations = this.#configurations.map((one) => {
      return { ...one, done: new Set([...one.done].filter((operation) => !dropped.has(operation))) };
    });
  }

  #isDone({ position, done }: Configuration, operation: CertainOperation): boolean {
    if (operation.kind === 'versioned') return (this.#placeOf.get(operation) ?? 0) < position;
    if (done.has(operation)) return true;
    return !(operation.kind === 'observation' ? this.#observations.has(operation) : this.#unversioned.has(operation));
  }

  /** Every configuration that is one write further. */
  #successors(from: Configuration): Configuration[] {
    const found: Configuration[] = [];
    const take = (state: RegisterState | undefined, change: Partial<Configuration>): void => {
      if (state !== undefined) found.push(this.#observed({ ...from, ...change, state }));
    };
    const { state, position, done, used } = from;
    const next = this.#inOrder[position];
    if (next !== undefined && this.#started.has(next)) take(afterWrite(state, next), { position: position + 1 });
    for (const write of this.#unversioned) {
      if (!done.has(write)) take(afterWrite(state, write), { done: new Set([...done, write]) });
    }
    for (const [index, { sample, sent }] of this.#classes.entries()) {
      const count = used[index] ?? 0;
      const after = count < sent ? afterWrite(state, sample) : undefined;
      if (after?.held !== state.held) take(after, { used: used.with(index, count + 1) });
    }
    return found;
  }

  /** Lets every observation under way take effect that can: none of them changes the state. */
  #observed(one: Configuration): Configuration {
    const fitting = [...this.#observations].filter(
      (observation) => !one.done.has(observation) && observation.holds(one.state),
    );
    return fitting.length === 0 ? one : { ...one, done: new Set([...one.done, ...fitting]) };
  }
}

/** Starts before ends where both are at one time: the ends belong to the operations. */
function inTime(certain: readonly CertainOperation[], appearances: readonly Moment[]): readonly Moment[] {
  const starts = certain.map((operation) => ({ at: operation.start, kind: 'start', operation }) as const);
  const ends = certain.map((operation) => ({ at: operation.end, kind: 'end', operation }) as const);
  const rank = ({ kind }: Moment) => (kind === 'end' ? 1 : 0);
  return [...starts, ...appearances, ...ends].toSorted((a, b) => compare(a.at, b.at) || rank(a) - rank(b));
}

/** Not the difference: infinite times have none. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

/** Configurations of one moment, none of which can do less than another that is like it. */
class Memo {
  readonly #byPlace = new Map<string, Configuration[]>();
  readonly #numbers = new Map<object, number>();

  /** False when one that has used no more possible writes is there. */
  add(one: Configuration): boolean {
    const place = this.#placeOf(one);
    const alike = this.#byPlace.get(place) ?? [];
    if (alike.some((other) => usesNoMore(other, one))) return false;
    this.#byPlace.set(place, [...alike.filter((other) => !usesNoMore(one, other)), one]);
    return true;
  }

  get all(): readonly Configuration[] {
    return [...this.#byPlace.values()].flat();
  }

  #placeOf({ state, position, done }: Configuration): string {
    const numbers = [...done].map((operation) => this.#numberOf(operation)).sort((a, b) => a - b);
    return `${position} ${state.held} ${numbers.join()}`;
  }

  #numberOf(operation: object): number {
    const number = this.#numbers.get(operation) ?? this.#numbers.size;
    this.#numbers.set(operation, number);
    return number;
  }
}

function usesNoMore(one: Configuration, other: Configuration): boolean {
  return one.used.every((count, index) => count <= (other.used[index] ?? 0));
}
