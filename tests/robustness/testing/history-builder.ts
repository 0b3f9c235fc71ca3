import type {
  Answer,
  Call,
  ListRequest,
  ReadLevel,
  Receipt,
  Request,
  Result,
  WriteCondition,
} from '../history/call.ts';
import type { FaultWindow, FinalKey, FinalState, LogRow, View } from '../history/final-state.ts';
import type { History } from '../history/history.ts';

/*
 * Writes small histories for tests, the way a store that keeps its promises would have answered: each write that has an
 * outcome has a row of the log, and the reads after quiet show the last of them. A test then bends what it is about.
 */

/** Start and end of a call, milliseconds. */
export type Span = readonly [start: number, end: number];

export interface WriteOptions {
  readonly client?: string;
  readonly condition?: WriteCondition;
  readonly ttlSeconds?: number;
  readonly idempotencyKey?: string;
  /** Of a put; the key and the version where it is left out. */
  readonly value?: string;
  /** 201 for a put. */
  readonly created?: boolean;
  /** What its sender saw; the outcome where it is left out. */
  readonly answer?: 'outcome' | 'accepted' | 'unknown' | 'lost' | 'refused';
  /** Changes the row of the log; false for none. */
  readonly row?: Partial<LogRow> | false;
}

export interface GetOptions {
  readonly client?: string;
  readonly level?: ReadLevel;
  readonly value?: string;
  readonly ageSeconds?: number;
  readonly expiresAt?: number;
  readonly syncTokens?: readonly string[];
}

/** A write as it was noted. */
export interface BuiltWrite {
  readonly number: number;
  /** Whether or not its sender was told. */
  readonly id: string;
}

/** 1970 by the recording's clock, so that small numbers are good times everywhere. */
const wallOffsetMs = 1_000_000;

export class HistoryBuilder {
  readonly calls: Call[] = [];
  readonly rows: LogRow[] = [];
  readonly faults: FaultWindow[] = [];
  readonly #views = new Map<string, Partial<FinalKey>>();
  /** Values of puts, by key and version. */
  readonly #values = new Map<string, string>();
  #isLogWhole = true;

  get history(): History {
    return { header: { wallOffsetMs }, calls: this.calls };
  }

  /** Milliseconds since 1970 of a time of the run. */
  wall(time: number): number {
    return time + wallOffsetMs;
  }

  /** A put that was applied at this version; without one its outcome is unknown to the log as well. */
  put(key: string, version: number | undefined, span: Span, options: WriteOptions = {}): BuiltWrite {
    const { value = `${key}=${version}`, condition, ttlSeconds, idempotencyKey } = options;
    const request: Request = { kind: 'put', key, value, condition, ttlSeconds, idempotencyKey, waitSeconds: 5 };
    return this.#write(request, version, span, options);
  }

  /** A delete that was applied; without a version there was nothing. */
  delete(key: string, version: number | undefined, span: Span, options: WriteOptions = {}): BuiltWrite {
    const { condition, idempotencyKey } = options;
    return this.#write({ kind: 'delete', key, condition, idempotencyKey, waitSeconds: 5 }, version, span, options);
  }

  /** A put that was rejected with 412; `current` is what it was told. */
  reject(key: string, current: number | undefined, span: Span, options: WriteOptions = {}): BuiltWrite {
    const { condition, idempotencyKey, value = `${key}?${this.calls.length}` } = options;
    const id = this.#newId();
    const problem = 'version-mismatch';
    const answer: Answer = { status: 412, problem, currentVersion: current, operation: id };
    const isTold = options.answer !== 'accepted';
    const told: Answer = isTold ? answer : { status: 202, operation: id };
    const request: Request = { kind: 'put', key, value, condition, idempotencyKey, waitSeconds: 5 };
    const number = this.#call(request, span, { kind: 'answer', answer: told }, options.client);
    this.#row({ id, key, action: 'put', status: 'rejected', problem, currentVersion: current }, span, options.row);
    return { number, id };
  }

  /** A get that showed this version; undefined: 404. */
  get(key: string, version: number | undefined, span: Span, options: GetOptions = {}): number {
    const { level = { kind: 'no-cache' }, value = `${key}=${version}`, ageSeconds, expiresAt, syncTokens } = options;
    const answer: Answer =
      version === undefined
        ? { status: 404, problem: 'not-found', ageSeconds }
        : { status: 200, version, value, ageSeconds, expiresAt };
    return this.#call({ kind: 'get', key, level, syncTokens }, span, { kind: 'answer', answer }, options.client);
  }

  /** A page that showed these keys at these versions. */
  list(
    entries: readonly (readonly [string, number])[],
    span: Span,
    options: Partial<ListRequest> & { next?: string } = {},
  ) {
    const { next, ...asked } = options;
    const request: Request = { kind: 'list', prefix: '', ...asked };
    const page = { entries: entries.map(([key, version]) => ({ key, version })), next };
    return this.#call(request, span, { kind: 'answer', answer: { status: 200, page } });
  }

  /** Asks for an operation, and is told what its row says; `queued` while there is none. */
  ask(id: string, span: Span, told: Partial<Receipt> = {}): number {
    const row = this.rows.find((one) => one.id === id);
    const receipt: Receipt = { status: 'queued', ...row, id, ...told };
    return this.#call({ kind: 'operation', id }, span, { kind: 'answer', answer: { status: 200, receipt } });
  }

  /** Any other call. */
  call(request: Request, span: Span, result: Result, client?: string): number {
    return this.#call(request, span, result, client);
  }

  fault(name: string, [from, to]: Span, of: Partial<FaultWindow> = {}): void {
    this.faults.push({ name, from, to, mayStaleCache: false, mayFailDatabase: false, ...of });
  }

  /** Changes what is read of a key after quiet. */
  readFinally(key: string, read: Partial<FinalKey>): void {
    this.#views.set(key, read);
  }

  /** Leaves the log to what was asked for by id: here, what senders were named. */
  forgetLog(): void {
    this.#isLogWhole = false;
    const named = new Set(
      this.calls.flatMap(({ result }) => (result.kind === 'answer' ? [result.answer.operation] : [])),
    );
    const kept = this.rows.filter(({ id }) => named.has(id));
    this.rows.splice(0, this.rows.length, ...kept);
  }

  final(change: Partial<FinalState> = {}): FinalState {
    const keys = new Set(this.calls.flatMap(({ request }) => ('key' in request ? [request.key] : [])));
    return {
      keys: [...keys].map((key) => this.#finalKey(key)),
      log: { isWhole: this.#isLogWhole, rows: this.rows },
      deadLetters: { found: 0, planted: 0 },
      faults: { planned: this.faults.map(({ name }) => name), happened: this.faults },
      ...change,
    };
  }

  #write(
    request: Request & { kind: 'put' | 'delete' },
    version: number | undefined,
    span: Span,
    options: WriteOptions,
  ) {
    const { answer = 'outcome', created = false, client } = options;
    const id = this.#newId();
    const { key, kind: action } = request;
    if (request.kind === 'put') this.#values.set(`${key} ${version}`, request.value);
    const ttlSeconds = request.kind === 'put' ? request.ttlSeconds : undefined;
    const settledAt = this.wall(span[1]);
    const expiresAt = ttlSeconds === undefined ? undefined : settledAt + ttlSeconds * 1000;
    const isApplied = version !== undefined || (action === 'delete' && (answer === 'outcome' || answer === 'accepted'));
    const isPut = action === 'put';
    const told = isPut ? { status: created ? 201 : 204, version, expiresAt } : { status: 204 };
    const results: Record<NonNullable<WriteOptions['answer']>, Result> = {
      outcome: { kind: 'answer', answer: { ...told, operation: id } },
      accepted: { kind: 'answer', answer: { status: 202, operation: id } },
      unknown: { kind: 'answer', answer: { status: 503, problem: 'outcome-unknown', operation: id } },
      lost: { kind: 'lost', how: 'timeout' },
      refused: { kind: 'answer', answer: { status: 503, problem: 'overloaded' } },
    };
    const number = this.#call(request, span, results[answer], client);
    const applied = { status: 'applied', version, created: isPut ? created : undefined, expiresAt } as const;
    if (isApplied) this.#row({ id, key, action, ...applied }, span, options.row);
    else if (answer === 'unknown') this.#row({ id, status: 'failed', problem: 'not-accepted' }, span, options.row);
    return { number, id };
  }

  #row(row: Omit<LogRow, 'settledAt'>, [start, end]: Span, change: WriteOptions['row'] = {}): void {
    if (change === false) return;
    this.rows.push({ acceptedAt: this.wall(start), settledAt: this.wall(end), ...row, ...change });
  }

  #call(request: Request, [startedAt, endedAt]: Span, result: Result, client = 'client'): number {
    const number = this.calls.length + 1;
    this.calls.push({ number, client, request, startedAt, endedAt, result });
    return number;
  }

  #finalKey(key: string): FinalKey {
    const readAt = this.calls.reduce((latest, { endedAt }) => Math.max(latest, endedAt), 0) + 10;
    const applied = this.rows.filter((row) => row.key === key && row.status === 'applied' && row.version !== undefined);
    const last = applied.toSorted((a, b) => (a.version ?? 0) - (b.version ?? 0)).at(-1);
    const view = last === undefined ? {} : this.#viewOf(last, readAt);
    return { key, database: view, cache: view, readAt, ...this.#views.get(key) };
  }

  #viewOf({ key, action, version, expiresAt }: LogRow, readAt: number): View {
    if (action === 'delete' || (expiresAt !== undefined && expiresAt <= this.wall(readAt))) return {};
    return { version, value: this.#values.get(`${key} ${version}`) ?? `${key}=${version}`, expiresAt };
  }

  #newId(): string {
    return `operation-${this.calls.length + 1}`;
  }
}
