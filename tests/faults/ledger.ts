import type { Receipt } from '../framework/documents.ts';

/** What the client knows of one request it sent. */
export type AttemptResult =
  /** No answer has come yet. */
  | { readonly kind: 'sent' }
  /** The connection was cut before an answer: applied or not, at most once. */
  | { readonly kind: 'cut' }
  /** 202, or an answer to a waited write, or 503 `outcome-unknown`: there is an operation to ask about. */
  | { readonly kind: 'named'; readonly id: string; readonly isAcknowledged: boolean }
  /** An error that says that nothing was queued. */
  | { readonly kind: 'refused'; readonly status: number };

export type WriteCondition =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'absent' }
  | { readonly kind: 'present' };

/** One write as one client sent it. Values are unique over the whole run. */
export interface Attempt {
  readonly action: 'put' | 'delete';
  readonly key: string;
  /** Undefined for a delete. */
  readonly value: string | undefined;
  readonly condition: WriteCondition | undefined;
  readonly idempotencyKey: string | undefined;
  readonly isWaited: boolean;
  result: AttemptResult;
  /** The version a waited answer named in its ETag. */
  toldVersion: number | undefined;
}

/** All that was sent, in the order it was sent for each key, and every outcome ever seen. */
export class Ledger {
  readonly attempts = new Map<string, Attempt[]>();
  /** By operation id. */
  readonly outcomes = new Map<string, Receipt>();
  acknowledged = 0;
  /** Requests without an answer now. */
  underWay = 0;
  cut = 0;

  /** Notes a write before it is sent. */
  open(attempt: Attempt): void {
    const of = this.attempts.get(attempt.key);
    if (of === undefined) this.attempts.set(attempt.key, [attempt]);
    else of.push(attempt);
    this.underWay += 1;
  }

  close(attempt: Attempt, result: AttemptResult): void {
    attempt.result = result;
    this.underWay -= 1;
    if (result.kind === 'cut') this.cut += 1;
    if (result.kind === 'named' && result.isAcknowledged) this.acknowledged += 1;
  }

  of(key: string): readonly Attempt[] {
    return this.attempts.get(key) ?? [];
  }

  /** Ids of all operations there is something to ask about. */
  get ids(): string[] {
    return [...this.attempts.values()].flat().flatMap(({ result }) => (result.kind === 'named' ? [result.id] : []));
  }

  outcomeOf({ result }: Attempt): Receipt | undefined {
    return result.kind === 'named' ? this.outcomes.get(result.id) : undefined;
  }
}
