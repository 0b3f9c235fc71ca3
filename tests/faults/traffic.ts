import { ok } from 'node:assert/strict';
import type { Answer } from '../framework/answer.ts';
import type { Receipt } from '../framework/documents.ts';
import type { HttpClient } from '../framework/http.ts';
import type { Problem } from '../framework/problems.ts';
import { kvPath } from '../framework/store.ts';
import type { Attempt, Ledger, WriteCondition } from './ledger.ts';
import type { Random } from './random.ts';

export interface ClientOptions {
  readonly name: string;
  /** Keys nobody else writes. */
  readonly ownKeys: readonly string[];
  /** Keys all clients write. */
  readonly sharedKeys: readonly string[];
  readonly random: Random;
  readonly ledger: Ledger;
}

/** One client that writes one thing after the other, each after the answer to the one before. */
export class Client {
  readonly #options: ClientOptions;
  /** The last version it was told of each own key; absent: it does not know. */
  readonly #versions = new Map<string, number>();
  #written = 0;
  #toRepeat: Attempt | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** Writes until the connection is cut or `isOver` says so. */
  async run(http: HttpClient, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const attempt = this.#next();
      if (!(await this.#send(http, attempt))) {
        if (attempt.idempotencyKey !== undefined) this.#toRepeat = attempt;
        return;
      }
      // A client that repeats itself although it was answered: nothing may happen a second time.
      if (attempt.idempotencyKey !== undefined && this.#options.random.chance(0.15)) this.#toRepeat = attempt;
    }
  }

  /** What a client does after a cut connection: the same again under the same key. Else something new. */
  #next(): Attempt {
    const { random } = this.#options;
    const again = this.#toRepeat;
    this.#toRepeat = undefined;
    if (again !== undefined) return { ...again, isWaited: random.chance(0.5), toldVersion: undefined, result: unsent };
    return this.#invent();
  }

  #invent(): Attempt {
    const { name, random, ownKeys, sharedKeys } = this.#options;
    const isShared = random.chance(0.1);
    const key = random.pick(isShared ? sharedKeys : ownKeys);
    const isPut = isShared || random.chance(0.8);
    this.#written += 1;
    const unique = `${name}-${this.#written}`;
    return {
      action: isPut ? 'put' : 'delete',
      key,
      // Now and then one that fills several pages of the database.
      value: isPut ? unique.padEnd(random.chance(0.05) ? 20_000 : 0, '.') : undefined,
      condition: isShared || !random.chance(0.3) ? undefined : this.#condition(key),
      idempotencyKey: random.chance(0.3) ? `retry-${unique}` : undefined,
      isWaited: random.chance(0.4),
      result: unsent,
      toldVersion: undefined,
    };
  }

  #condition(key: string): WriteCondition {
    const version = this.#versions.get(key);
    if (version !== undefined && this.#options.random.chance(0.7)) return { kind: 'version', version };
    return this.#options.random.chance(0.5) ? { kind: 'absent' } : { kind: 'present' };
  }

  /** False when the connection was cut. */
  async #send(http: HttpClient, attempt: Attempt): Promise<boolean> {
    const { ledger } = this.#options;
    const { action, key, value } = attempt;
    ledger.open(attempt);
    this.#versions.delete(key);
    const headers = headersOf(attempt);
    const sent = http.request(action === 'put' ? 'PUT' : 'DELETE', kvPath(key), { headers, body: value });
    const answer = await sent.catch((error: unknown) => error);
    if (answer instanceof Error) {
      ledger.close(attempt, { kind: 'cut' });
      return false;
    }
    this.#take(attempt, answer as Answer);
    return true;
  }

  #take(attempt: Attempt, answer: Answer): void {
    const { ledger } = this.#options;
    const id = answer.header('sync-token') ?? operationIn(answer);
    const isAcknowledged = answer.status < 300 || answer.status === 412 || answer.status === 422;
    ok(isAcknowledged || answer.status === 503 || answer.status === 507, answer.describe());
    if (id !== undefined) ledger.close(attempt, { kind: 'named', id, isAcknowledged });
    else if (isUnknown(answer)) ledger.close(attempt, { kind: 'cut' });
    else ledger.close(attempt, { kind: 'refused', status: answer.status });
    const etag = answer.header('etag');
    if (etag === undefined) return;
    attempt.toldVersion = Number(etag.slice(1, -1));
    this.#versions.set(attempt.key, attempt.toldVersion);
  }
}

const unsent = { kind: 'sent' } as const;

/** The operation a problem names: of a rejected write, or of one whose outcome is unknown. */
function operationIn(answer: Answer): string | undefined {
  if (answer.mediaType !== 'application/problem+json') return undefined;
  return (answer.json() as Problem).operation?.replace('/operations/', '');
}

/** A proxy that lost a write on its way knows of no operation. */
function isUnknown(answer: Answer): boolean {
  if (answer.mediaType !== 'application/problem+json') return false;
  return (answer.json() as Problem).type.endsWith(':outcome-unknown');
}

function headersOf({ condition, idempotencyKey, isWaited }: Attempt): Record<string, string> {
  const headers: Record<string, string> = {};
  if (isWaited) headers.Prefer = 'wait=10';
  if (idempotencyKey !== undefined) headers['Idempotency-Key'] = idempotencyKey;
  if (condition?.kind === 'version') headers['If-Match'] = `"${condition.version}"`;
  if (condition?.kind === 'present') headers['If-Match'] = '*';
  if (condition?.kind === 'absent') headers['If-None-Match'] = '*';
  return headers;
}

/** Asks for the outcome of an operation until there is one. */
export async function outcomeOf(http: HttpClient, id: string): Promise<Receipt> {
  const answer = await http.request('GET', `/operations/${id}`, { headers: { Prefer: 'wait=30' } });
  ok(answer.status === 200, `operation ${id}: ${answer.describe()}`);
  return answer.json() as Receipt;
}
