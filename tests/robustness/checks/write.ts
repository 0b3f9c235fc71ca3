import type { Call, WriteCondition, WriteRequest } from '../history/call.ts';
import type { LogRow } from '../history/final-state.ts';
import { agree, type Outcome, type WriteAnswer } from './outcome.ts';

/** Somebody telling an outcome of one operation. */
export interface Telling {
  readonly outcome: Outcome;
  /** The call whose answer told it; undefined for the log after quiet. */
  readonly call: Call | undefined;
}

/** One sending of a write. */
export interface Attempt {
  readonly call: Call<WriteRequest>;
  readonly answer: WriteAnswer;
  /** Undefined when the sender was named no operation. */
  readonly id: string | undefined;
  /** The row of the log that is its own. */
  row: LogRow | undefined;
  readonly tellings: Telling[];
}

/** A version under which the value of a write was seen. */
export interface Seen {
  readonly version: number;
  /** Undefined for the reads after quiet. */
  readonly call: Call | undefined;
}

/**
 * A write as its sender meant it: all attempts at the same request under one Idempotency-Key, or a single one. Of these
 * at most one is ever carried out, and every other gets the same outcome.
 */
export class Write {
  readonly key: string;
  readonly action: 'put' | 'delete';
  readonly value: string | undefined;
  readonly condition: WriteCondition | undefined;
  readonly ttlSeconds: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly attempts: Attempt[] = [];
  readonly seen: Seen[] = [];

  constructor(request: WriteRequest) {
    this.key = request.key;
    this.action = request.kind;
    this.value = request.kind === 'put' ? request.value : undefined;
    this.condition = request.condition;
    this.ttlSeconds = request.kind === 'put' ? request.ttlSeconds : undefined;
    this.idempotencyKey = request.idempotencyKey;
  }

  /** Numbers of the calls that sent it. */
  get calls(): readonly number[] {
    return this.attempts.map(({ call }) => call.number);
  }

  get tellings(): readonly Telling[] {
    return this.attempts.flatMap(({ tellings }) => tellings);
  }

  /**
   * What became of it. An attempt that failed decides nothing, so that applied comes before rejected, and failed only
   * when no attempt is left that could be anything else. Undefined: it may or may not have been carried out.
   */
  get outcome(): Outcome | undefined {
    return this.#applied ?? this.#told('rejected') ?? (this.isVoid ? this.#told('failed') : undefined);
  }

  /** Whether no attempt can ever have changed anything: each was refused or has failed. */
  get isVoid(): boolean {
    return this.attempts.every((attempt) => !mayCount(attempt));
  }

  /** When the first attempt was sent that may have been carried out; run clock. */
  get sentAt(): number {
    return earliest(this.attempts.filter(mayCount).map(({ call }) => call.startedAt));
  }

  /** When the queue was known to have an attempt; infinite when nobody was told so. */
  get acceptedAt(): number {
    const acknowledged = this.attempts.filter((attempt) => attempt.answer.kind === 'accepted' || isDone(attempt));
    return Math.min(earliest(acknowledged.map(({ call }) => call.endedAt)), this.settledBy);
  }

  /** When it was known to have its outcome; infinite when nobody was told so before the quiet. */
  get settledBy(): number {
    const told = this.tellings.filter(({ outcome }) => outcome.status !== 'failed');
    return earliest([...told, ...this.seen].map(({ call }) => call?.endedAt ?? Number.POSITIVE_INFINITY));
  }

  get #applied(): Outcome | undefined {
    const told = this.tellings.map(({ outcome }) => outcome).filter((outcome) => outcome.status === 'applied');
    const version = told.find((outcome) => outcome.version !== undefined)?.version ?? this.seen[0]?.version;
    if (told.length === 0 && version === undefined) return undefined;
    const created = told.find((outcome) => outcome.created !== undefined)?.created;
    const expiresAt = told.find((outcome) => outcome.expiresAt !== undefined)?.expiresAt;
    return { status: 'applied', version, created, expiresAt };
  }

  #told(status: Outcome['status']): Outcome | undefined {
    return this.tellings.find(({ outcome }) => outcome.status === status)?.outcome;
  }
}

/** Whether an attempt may have been carried out, or has the outcome of one that was. */
export function mayCount({ answer, tellings }: Attempt): boolean {
  if (answer.kind === 'refused') return false;
  return !tellings.some(({ outcome }) => outcome.status === 'failed');
}

/** The first two tellings of one operation that cannot both be true. */
export function contradiction(tellings: readonly Telling[]): readonly [Telling, Telling] | undefined {
  const [first, ...rest] = tellings;
  if (first === undefined) return undefined;
  const other = rest.find(({ outcome }) => !agree(first.outcome, outcome));
  return other === undefined ? contradiction(rest) : [first, other];
}

/** Infinite when there is none. Not `Math.min`: a hot value has more times than a call may have arguments. */
function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
}

function isDone({ answer }: Attempt): boolean {
  return answer.kind === 'settled' && answer.outcome.status !== 'failed';
}
