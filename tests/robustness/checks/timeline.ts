import { wallTime } from '../history/history.ts';
import type { Ledger } from './ledger.ts';
import { unansweredSince } from './stray-rows.ts';
import type { Write } from './write.ts';

/*
 * The states of one key in the order of their versions, each with the earliest and the latest moment at which it can
 * have begun, from what was sent and seen. Times are on the run clock.
 */

export interface State {
  /** 0 before the first write. */
  readonly version: number;
  readonly isPresent: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** Not before this: it, and every state before it, had been sent. */
  readonly from: number;
  /** By this time somebody had been shown that the key had come this far; infinite when nobody was. */
  readonly reachedBy: number;
  /** Number of the call that showed it. */
  readonly shownBy: number | undefined;
  /** Numbers of the calls that sent it; none for a write that nobody was named. */
  readonly calls: readonly number[];
}

/** What an answer shows of a key: a version, or undefined for no entry. */
export type Shown = number | undefined;

interface Applied {
  readonly version: number;
  readonly isPresent: boolean;
  readonly expiresAt: number | undefined;
  readonly sentAt: number;
  readonly calls: readonly number[];
}

interface Showing {
  readonly at: number;
  readonly number: number;
}

const never: Showing = { at: Number.POSITIVE_INFINITY, number: -1 };

export class Timeline {
  readonly states: readonly State[];
  readonly #ledger: Ledger;
  readonly #skewMs: number;
  /** When deletes were sent that may have been applied at any time since, at an unknown version. */
  readonly #openDeletes: readonly number[];
  readonly #indexOf: ReadonlyMap<number, number>;

  constructor(ledger: Ledger, key: string, skewMs: number) {
    this.#ledger = ledger;
    this.#skewMs = skewMs;
    this.states = statesOf(ledger, key);
    this.#openDeletes = ledger.writesOf(key).flatMap((write) => (mayHaveDeleted(ledger, write) ? [write.sentAt] : []));
    this.#indexOf = new Map(this.states.map(({ version }, index) => [version, index]));
  }

  /** The state the key had reached at least when this time came. */
  reachedAt(time: number): number {
    return lastUpTo(this.states, time, ({ reachedBy }) => reachedBy);
  }

  /** The state of a version; undefined when it is not known to have been applied. */
  indexOf(version: number): number | undefined {
    return this.#indexOf.get(version);
  }

  /**
   * The latest state that an answer which ended then can have been given in. Undefined: no known state is like that;
   * infinite: an open delete may have made it so at any time.
   */
  latestShown(shown: Shown, endedAt: number): number | undefined {
    if (shown !== undefined) return this.indexOf(shown);
    if (this.#openDeletes.some((sentAt) => sentAt <= endedAt)) return Number.POSITIVE_INFINITY;
    const sent = this.states.slice(0, lastUpTo(this.states, endedAt, ({ from }) => from) + 1);
    return sent.findLastIndex((state) => this.#mayBeAbsent(state, endedAt));
  }

  /** Whether there was an entry at every moment between the two times. */
  isPresentThroughout(from: number, to: number): boolean {
    if (this.#openDeletes.some((sentAt) => sentAt <= to)) return false;
    const possible = this.states.slice(this.reachedAt(from), lastUpTo(this.states, to, (state) => state.from) + 1);
    return possible.every((state) => !this.#mayBeAbsent(state, to));
  }

  #mayBeAbsent({ isPresent, expiresAt }: State, time: number): boolean {
    if (!isPresent) return true;
    return expiresAt !== undefined && expiresAt <= wallTime(this.#ledger.history, time) + this.#skewMs;
  }
}

/** The last state whose time, which never goes down from one to the next, is not after this one. */
function lastUpTo(states: readonly State[], time: number, timeOf: (state: State) => number): number {
  let low = 0;
  let high = states.length;
  while (low + 1 < high) {
    const middle = (low + high) >> 1;
    const state = states[middle];
    if (state !== undefined && timeOf(state) <= time) low = middle;
    else high = middle;
  }
  return low;
}

/** Timelines of the keys of a run, each made when it is first asked for. */
export class Timelines {
  readonly #ledger: Ledger;
  readonly #skewMs: number;
  readonly #made = new Map<string, Timeline>();

  constructor(ledger: Ledger, skewMs: number) {
    this.#ledger = ledger;
    this.#skewMs = skewMs;
  }

  of(key: string): Timeline {
    const made = this.#made.get(key) ?? new Timeline(this.#ledger, key, this.#skewMs);
    this.#made.set(key, made);
    return made;
  }
}

/** Whether it may have deleted the key at a version that is not known. */
function mayHaveDeleted(ledger: Ledger, write: Write): boolean {
  if (write.action !== 'delete') return false;
  const { outcome } = write;
  // A waited delete is not told its version: without a row it may have had one.
  if (outcome?.status === 'applied') return outcome.version === undefined && write.attempts.every(({ row }) => !row);
  return ledger.mayHaveLanded(write);
}

function statesOf(ledger: Ledger, key: string): State[] {
  const showings = showingsOf(ledger, key);
  // Two strays of one version are attempts at one write, and two writes of one version are for another check.
  const byVersion = new Map([...strayOf(ledger, key), ...appliedOf(ledger, key)].map((one) => [one.version, one]));
  const applied = [...byVersion.values()].toSorted((a, b) => a.version - b.version);
  const first: State = {
    version: 0,
    isPresent: false,
    expiresAt: undefined,
    from: Number.NEGATIVE_INFINITY,
    reachedBy: Number.NEGATIVE_INFINITY,
    shownBy: undefined,
    calls: [],
  };
  const states = [first];
  for (const { version, isPresent, expiresAt, sentAt, calls } of applied) {
    const from = Math.max(sentAt, states.at(-1)?.from ?? sentAt);
    states.push({ ...first, version, isPresent, expiresAt, from, calls });
  }
  return withShowings(states, showings);
}

/** A later state that was shown shows that the ones before it had been reached. */
function withShowings(states: readonly State[], showings: ReadonlyMap<number, Showing>): State[] {
  let earliest = never;
  const reversed = states.toReversed().map((state) => {
    if (state.version === 0) return state;
    const showing = showings.get(state.version) ?? never;
    if (showing.at < earliest.at) earliest = showing;
    return { ...state, reachedBy: earliest.at, shownBy: earliest === never ? undefined : earliest.number };
  });
  return reversed.toReversed();
}

/** When each version was first shown to anybody. */
function showingsOf(ledger: Ledger, key: string): Map<number, Showing> {
  const first = new Map<number, Showing>();
  const note = (version: number, call: { readonly endedAt: number; readonly number: number } | undefined): void => {
    if (call === undefined || call.endedAt >= (first.get(version)?.at ?? Number.POSITIVE_INFINITY)) return;
    first.set(version, { at: call.endedAt, number: call.number });
  };
  for (const { version, call } of ledger.sightingsOf(key)) note(version, call);
  for (const write of ledger.writesOf(key)) {
    const { outcome } = write;
    if (outcome?.status !== 'applied' || outcome.version === undefined) continue;
    for (const telling of write.tellings) if (telling.outcome.status === 'applied') note(outcome.version, telling.call);
  }
  return first;
}

function appliedOf(ledger: Ledger, key: string): Applied[] {
  return ledger.writesOf(key).flatMap((write) => {
    const { outcome, action, sentAt, calls } = write;
    if (outcome?.status !== 'applied' || outcome.version === undefined) return [];
    const { version, expiresAt = expiryShown(ledger, write, outcome.version) } = outcome;
    return [{ version, isPresent: action === 'put', expiresAt, sentAt, calls }];
  });
}

/** The expiry as readers were told it, when the sender was not. */
function expiryShown(ledger: Ledger, { key, ttlSeconds }: Write, version: number): number | undefined {
  if (ttlSeconds === undefined) return undefined;
  return ledger.sightingsOf(key).find((sighting) => sighting.version === version)?.expiresAt;
}

function strayOf(ledger: Ledger, key: string): Applied[] {
  return ledger.strayRowsOf(key).flatMap(({ status, version, action, expiresAt }) => {
    if (status !== 'applied' || version === undefined || action === undefined) return [];
    const [sentAt = Number.NEGATIVE_INFINITY] = unansweredSince(ledger, key, action);
    return [{ version, isPresent: action === 'put', expiresAt, sentAt, calls: [] }];
  });
}
