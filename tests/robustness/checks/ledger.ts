import {
  answerOf,
  type Call,
  callsOf,
  type GetRequest,
  isWrite,
  type ListRequest,
  type WriteRequest,
} from '../history/call.ts';
import type { FinalState, LogRow } from '../history/final-state.ts';
import type { History } from '../history/history.ts';
import { outcomeIn, readWriteAnswer } from './outcome.ts';
import { type Attempt, mayCount, Write } from './write.ts';

/** An entry that somebody was shown. */
export interface Sighting {
  readonly key: string;
  readonly version: number;
  /** Undefined in a list. */
  readonly value: string | undefined;
  readonly expiresAt: number | undefined;
  /** Undefined for the reads after quiet. */
  readonly call: Call<GetRequest | ListRequest> | undefined;
}

/** What all calls and the operations log say together, put in order by write and by key. Judges nothing. */
export class Ledger {
  readonly history: History;
  readonly final: FinalState;
  readonly writes: readonly Write[];
  readonly sightings: readonly Sighting[];
  /** The first attempt that was named each id. */
  readonly attemptOf: ReadonlyMap<string, Attempt>;
  readonly writeOf: ReadonlyMap<Attempt, Write>;
  /** Rows of operations that no sender was named. */
  readonly strayRows: readonly LogRow[];
  readonly #writesOfKey: ReadonlyMap<string, readonly Write[]>;
  readonly #strayRowsOfKey: ReadonlyMap<string | undefined, readonly LogRow[]>;
  readonly #writeOfValue: ReadonlyMap<string, Write>;
  readonly #sightingsOfKey: ReadonlyMap<string, readonly Sighting[]>;

  constructor(history: History, final: FinalState) {
    this.history = history;
    this.final = final;
    const { writes, writeOf } = gatherWrites(history);
    this.writes = writes;
    this.writeOf = writeOf;
    this.attemptOf = nameAttempts(writes);
    noteReceipts(history, this.attemptOf);
    const strayRows = noteRows(final.log.rows, this.attemptOf);
    this.#writesOfKey = Map.groupBy(writes, ({ key }) => key);
    this.sightings = [...sightingsOf(history), ...finalSightings(final)];
    this.#sightingsOfKey = Map.groupBy(this.sightings, ({ key }) => key);
    this.#writeOfValue = new Map(writes.flatMap((write) => (write.value === undefined ? [] : [[write.value, write]])));
    this.#noteSightings();
    // Earliest first, so that of several attempts nobody was answered the earliest gets the earliest.
    this.strayRows = strayRows.toSorted((a, b) => madeAt(a) - madeAt(b)).filter((row) => !this.#adopt(row));
    this.#strayRowsOfKey = Map.groupBy(this.strayRows, ({ key }) => key);
  }

  /** Every key that a call named, or that was read after quiet. */
  get keys(): ReadonlySet<string> {
    const read = this.history.calls.flatMap(({ request }) => ('key' in request ? [request.key] : []));
    return new Set([...read, ...this.final.keys.map(({ key }) => key)]);
  }

  writesOf(key: string): readonly Write[] {
    return this.#writesOfKey.get(key) ?? [];
  }

  sightingsOf(key: string): readonly Sighting[] {
    return this.#sightingsOfKey.get(key) ?? [];
  }

  strayRowsOf(key: string): readonly LogRow[] {
    return this.#strayRowsOfKey.get(key) ?? [];
  }

  /** The write of this value, if it was sent to this key. */
  writeOfValue(key: string, value: string): Write | undefined {
    const write = this.#writeOfValue.get(value);
    return write?.key === key ? write : undefined;
  }

  /** Whether a put of the key had a time to live. */
  expires(key: string): boolean {
    return this.writesOf(key).some(({ ttlSeconds }) => ttlSeconds !== undefined);
  }

  /**
   * Whether a write without a known outcome may have been carried out. With the whole log it was not, unless it was named
   * an operation, which then should be there.
   */
  mayHaveLanded(write: Write): boolean {
    if (write.outcome !== undefined || write.isVoid) return false;
    if (!this.final.log.isWhole) return true;
    return write.attempts.some((attempt) => attempt.id !== undefined && mayCount(attempt));
  }

  #noteSightings(): void {
    for (const { key, version, value, call } of this.sightings) {
      if (value !== undefined) this.writeOfValue(key, value)?.seen.push({ version, call });
    }
  }

  /** Finds the sender of a row that was named to nobody by its version: the value was seen, or a retry was told it. */
  #adopt(row: LogRow): boolean {
    const { key, version } = row;
    if (key === undefined || version === undefined) return false;
    for (const write of this.writesOf(key)) {
      const { outcome } = write;
      if (write.action !== row.action || outcome?.status !== 'applied' || outcome.version !== version) continue;
      const attempt = write.attempts.find(isUnclaimed);
      if (attempt === undefined) continue;
      note(attempt, row);
      return true;
    }
    return false;
  }
}

/** When the operation of a row was made, milliseconds since 1970. */
export function madeAt({ acceptedAt, settledAt }: LogRow): number {
  return acceptedAt ?? settledAt;
}

/** Whether an attempt may be the one of a row that was named to nobody. */
export function isUnclaimed(attempt: Attempt): boolean {
  return attempt.id === undefined && attempt.row === undefined && mayCount(attempt);
}

function gatherWrites({ calls }: History): { readonly writes: Write[]; readonly writeOf: Map<Attempt, Write> } {
  const identified = new Map<string, Write>();
  const writes: Write[] = [];
  const writeOf = new Map<Attempt, Write>();
  for (const call of calls.filter(isWrite).toSorted((a, b) => a.startedAt - b.startedAt)) {
    const { request } = call;
    const identity = request.idempotencyKey === undefined ? undefined : meaningOf(request);
    const write = (identity === undefined ? undefined : identified.get(identity)) ?? new Write(request);
    if (identity !== undefined) identified.set(identity, write);
    if (write.attempts.length === 0) writes.push(write);
    const answer = readWriteAnswer(call);
    const tellings = answer.kind === 'settled' ? [{ outcome: answer.outcome, call }] : [];
    const attempt: Attempt = { call, answer, id: answerOf(call)?.operation, row: undefined, tellings };
    write.attempts.push(attempt);
    writeOf.set(attempt, write);
  }
  return { writes, writeOf };
}

/** All that makes a write what it is: the store compares the same, and not how long the sender waits. */
function meaningOf(request: WriteRequest): string {
  const { kind, key, idempotencyKey, condition } = request;
  const put = request.kind === 'put' ? [request.value, request.ttlSeconds] : [];
  const version = condition?.kind === 'version' ? condition.version : undefined;
  return JSON.stringify([kind, key, idempotencyKey, condition?.kind, version, ...put]);
}

function nameAttempts(writes: readonly Write[]): Map<string, Attempt> {
  const named = new Map<string, Attempt>();
  for (const attempt of writes.flatMap(({ attempts }) => attempts)) {
    if (attempt.id !== undefined && !named.has(attempt.id)) named.set(attempt.id, attempt);
  }
  return named;
}

function noteReceipts({ calls }: History, attemptOf: ReadonlyMap<string, Attempt>): void {
  for (const call of callsOf(calls, 'operation')) {
    const receipt = answerOf(call)?.receipt;
    const outcome = receipt === undefined ? undefined : outcomeIn(receipt);
    if (outcome !== undefined) attemptOf.get(call.request.id)?.tellings.push({ outcome, call });
  }
}

/** Gives each row to its attempt. @returns those without one */
function noteRows(rows: readonly LogRow[], attemptOf: ReadonlyMap<string, Attempt>): readonly LogRow[] {
  return rows.filter((row) => {
    const attempt = attemptOf.get(row.id);
    if (attempt !== undefined) note(attempt, row);
    return attempt === undefined;
  });
}

function note(attempt: Attempt, row: LogRow): void {
  const outcome = outcomeIn(row);
  attempt.row ??= row;
  if (outcome !== undefined) attempt.tellings.push({ outcome, call: undefined });
}

function sightingsOf({ calls }: History): Sighting[] {
  const gets = callsOf(calls, 'get').flatMap((call) => {
    const { status, version, value, expiresAt } = answerOf(call) ?? {};
    return status === 200 && version !== undefined ? [{ key: call.request.key, version, value, expiresAt, call }] : [];
  });
  const lists = callsOf(calls, 'list').flatMap((call) => {
    const entries = answerOf(call)?.page?.entries ?? [];
    return entries.map(({ key, version, expiresAt }) => ({ key, version, value: undefined, expiresAt, call }));
  });
  return [...gets, ...lists];
}

function finalSightings({ keys }: FinalState): Sighting[] {
  return keys.flatMap(({ key, database, cache }) =>
    [database, cache].flatMap(({ version, value, expiresAt }) =>
      version === undefined ? [] : [{ key, version, value, expiresAt, call: undefined }],
    ),
  );
}
