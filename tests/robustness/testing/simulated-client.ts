import type { Random } from '../../faults/random.ts';
import type {
  Answer,
  DeleteRequest,
  GetRequest,
  PutRequest,
  ReadLevel,
  Request,
  Result,
  WriteCondition,
  WriteRequest,
} from '../history/call.ts';
import type { LogRow, View } from '../history/final-state.ts';
import type { Agenda } from './agenda.ts';
import type { SimulatedQueue } from './simulated-queue.ts';
import type { Mistake, SimulatedStore } from './simulated-store.ts';

export interface ClientParts {
  readonly name: string;
  readonly agenda: Agenda;
  readonly random: Random;
  readonly store: SimulatedStore;
  readonly queue: SimulatedQueue;
  readonly mistake: Mistake | undefined;
  note(client: string, request: Request, startedAt: number, result: Result): void;
}

const levels: readonly ReadLevel[] = [
  { kind: 'cached' },
  { kind: 'cached' },
  { kind: 'no-cache' },
  { kind: 'no-cache' },
  { kind: 'max-age', seconds: 1 },
  { kind: 'only-if-cached' },
  { kind: 'stale-if-error', seconds: 10 },
];

/** One client that does one thing after the other, in all the ways of the issue, and is answered as a store would. */
export class SimulatedClient {
  readonly #parts: ClientParts;
  readonly #versions = new Map<string, number>();
  readonly #ids: string[] = [];
  #left = 0;
  #made = 0;
  #toRepeat: WriteRequest | undefined;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  start(calls: number): void {
    this.#left = calls;
    this.#pause();
  }

  #pause(): void {
    const { agenda, random } = this.#parts;
    if (this.#left === 0) return;
    this.#left -= 1;
    agenda.in(random.next() * 10, () => this.#act());
  }

  #act(): void {
    const { random } = this.#parts;
    const again = this.#toRepeat;
    this.#toRepeat = undefined;
    const choice = random.next();
    if (again !== undefined) this.#write(again);
    else if (choice < 0.4) this.#write(this.#invent());
    else if (choice < 0.85) this.#get();
    else if (choice < 0.92) this.#list();
    else this.#ask();
  }

  /** Runs what a layer does after a moment, and the answer after another. */
  #after(run: () => void): void {
    this.#parts.agenda.in(this.#parts.random.next() * 3, run);
  }

  #end(request: Request, startedAt: number, answer: Answer | 'lost'): void {
    const result: Result =
      answer === 'lost'
        ? { kind: 'lost', how: this.#left % 2 === 0 ? 'timeout' : 'hung-up' }
        : { kind: 'answer', answer };
    this.#parts.note(this.#parts.name, request, startedAt, result);
    this.#pause();
  }

  #invent(): PutRequest | DeleteRequest {
    const { random, name } = this.#parts;
    const key = this.#key();
    this.#made += 1;
    const unique = `${name}/${this.#made}`;
    const common = {
      key,
      condition: random.chance(0.3) ? this.#condition(key) : undefined,
      idempotencyKey: random.chance(0.4) ? unique : undefined,
      waitSeconds: random.chance(0.6) ? 5 : undefined,
    };
    if (random.chance(0.25)) return { kind: 'delete', ...common };
    const ttlSeconds = key.startsWith('brief/') ? 1 + random.below(2) : undefined;
    return { kind: 'put', value: unique, ttlSeconds, ...common };
  }

  #key(): string {
    const { random } = this.#parts;
    if (random.chance(0.6)) return `hot/${random.below(3)}`;
    return random.chance(0.2) ? `brief/${random.below(4)}` : `cold/${random.below(40)}`;
  }

  #condition(key: string): WriteCondition {
    const { random } = this.#parts;
    const version = this.#versions.get(key);
    if (version !== undefined && random.chance(0.6)) return { kind: 'version', version };
    return { kind: random.chance(0.5) ? 'absent' : 'present' };
  }

  #write(request: WriteRequest): void {
    const { agenda, random, queue, store } = this.#parts;
    const startedAt = agenda.now;
    const fate = random.next();
    const id = queue.newId();
    const lose = () => {
      if (request.idempotencyKey !== undefined) this.#toRepeat = request;
      this.#end(request, startedAt, 'lost');
    };
    if (fate < 0.03) {
      this.#after(() => this.#end(request, startedAt, { status: 503, problem: 'overloaded' }));
    } else if (fate < 0.06) {
      // Lost: before it was queued, or after; it may be queued long after its sender gave up.
      if (random.chance(0.6)) agenda.in(random.next() * 200, () => queue.accept(id, request));
      this.#after(lose);
    } else if (fate < 0.08) {
      this.#ids.push(id);
      if (random.chance(0.6)) agenda.in(random.next() * 2000, () => queue.accept(id, request));
      agenda.in(1000, () => store.settle(id, agenda.now));
      this.#after(() => this.#end(request, startedAt, { status: 503, problem: 'outcome-unknown', operation: id }));
    } else {
      this.#ids.push(id);
      this.#after(() => this.#queue(id, request, startedAt));
    }
  }

  #queue(id: string, request: WriteRequest, startedAt: number): void {
    const { queue } = this.#parts;
    queue.accept(id, request);
    let isAnswered = false;
    const answer = (with_: Answer): void => {
      if (isAnswered) return;
      isAnswered = true;
      this.#after(() => this.#end(request, startedAt, { ...with_, operation: id }));
    };
    if (request.waitSeconds === undefined) answer({ status: 202 });
    else {
      queue.await(id, (row) => answer(this.#answerOf(request, row)));
      // The wait is over.
      this.#parts.agenda.in(50, () => answer({ status: 202 }));
    }
  }

  #answerOf({ kind, key }: WriteRequest, row: LogRow): Answer {
    const { status, version, created, expiresAt, problem, currentVersion } = row;
    if (status === 'rejected') return { status: problem === 'version-mismatch' ? 412 : 422, problem, currentVersion };
    if (status === 'failed') return { status: 503, problem };
    if (kind === 'delete') return { status: 204 };
    if (version !== undefined) this.#versions.set(key, version);
    return { status: created === true ? 201 : 204, version, expiresAt };
  }

  #get(): void {
    const { agenda, random } = this.#parts;
    const last = this.#ids.at(-1);
    const syncTokens = last !== undefined && random.chance(0.2) ? [last] : undefined;
    const request: GetRequest = { kind: 'get', key: this.#key(), level: random.pick(levels), syncTokens };
    const startedAt = agenda.now;
    this.#after(() => {
      const answer = this.#read(request);
      this.#after(() => this.#end(request, startedAt, answer));
    });
  }

  #read({ key, level, syncTokens = [] }: GetRequest): Answer {
    const { agenda, store, mistake, random } = this.#parts;
    if (random.chance(0.01)) return { status: 503, problem: 'unavailable' };
    const rows = syncTokens.map((id) => store.rows.get(id));
    if (mistake !== 'ignores Sync-Tokens' && rows.includes(undefined))
      return { status: 503, problem: 'not-yet-visible' };
    if (level.kind === 'no-cache') return this.#show(key, store.readPastCache(key, agenda.now), 0);
    const { view, ageMs } = store.readCached(key, level, agenda.now);
    const least = rows.find((row) => row?.key === key && row.status === 'applied')?.version ?? 0;
    const isLess = (view.version ?? 0) < least && mistake !== 'ignores Sync-Tokens';
    return isLess ? this.#show(key, store.read(key, agenda.now), 0) : this.#show(key, view, ageMs);
  }

  #show(key: string, { version, value, expiresAt }: View, ageMs: number): Answer {
    const ageSeconds = Math.floor(ageMs / 1000);
    if (version === undefined) return { status: 404, problem: 'not-found', ageSeconds };
    this.#versions.set(key, version);
    return { status: 200, version, value, expiresAt, ageSeconds };
  }

  #list(): void {
    const { agenda, random, store, mistake } = this.#parts;
    const prefix = random.pick(['', 'hot/', 'cold/', 'brief/']);
    const startedAt = agenda.now;
    this.#after(() => {
      const entries = store.list(prefix, agenda.now);
      agenda.in(mistake === 'lists from two moments' ? 100 : 1, () => {
        const later = mistake === 'lists from two moments' ? store.list(prefix, agenda.now) : entries;
        const half = entries.length >> 1;
        const page = { entries: later.map((entry, index) => (index < half ? (entries[index] ?? entry) : entry)) };
        this.#end({ kind: 'list', prefix }, startedAt, { status: 200, page });
      });
    });
  }

  #ask(): void {
    const { agenda, random, store } = this.#parts;
    const startedAt = agenda.now;
    const id = this.#ids.length === 0 ? undefined : random.pick(this.#ids.slice(-5));
    if (id === undefined) {
      this.#pause();
      return;
    }
    this.#after(() => {
      const row = store.rows.get(id);
      const receipt = row === undefined ? ({ id, status: 'queued' } as const) : row;
      this.#after(() => this.#end({ kind: 'operation', id }, startedAt, { status: 200, receipt }));
    });
  }
}
