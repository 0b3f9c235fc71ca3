import type { Receipt } from '../framework/documents.ts';

/** What the client knows of one request it sent. */
export type AttemptResult =
  /** No answer has come yet. */
  | { readonly kind: 'sent' }
  /** The connection was cut before an answer, or a proxy says that nobody knows: applied or not, at most once. */
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

/** What a read past every cache showed, when no write of the key could still be on its way. */
export interface Sighting {
  readonly value: string | undefined;
  /** Undefined when there is no entry. */
  readonly version: number | undefined;
}

/** What happened to one key, in order. */
export type KeyEvent =
  | { readonly kind: 'attempt'; readonly attempt: Attempt }
  | { readonly kind: 'sighting'; readonly sighting: Sighting };

/** All that was sent and seen, in order for each key, and every outcome ever told. */
export class Ledger {
  /**
   * Whether a write that was cut may land after later ones: what a frozen gateway has in hand goes on when it wakes. What
   * a process had that was killed is either done before all that came later, or never.
   */
  readonly canLandLate: boolean;
  readonly events = new Map<string, KeyEvent[]>();
  /** By operation id. */
  readonly outcomes = new Map<string, Receipt>();
  acknowledged = 0;
  /** Requests without an answer now. */
  underWay = 0;
  cut = 0;
  #awaited: { readonly count: number; resolve(): void } | undefined;

  constructor({ canLandLate = false } = {}) {
    this.canLandLate = canLandLate;
  }

  /** Notes a write before it is sent. */
  open(attempt: Attempt): void {
    this.#note(attempt.key, { kind: 'attempt', attempt });
    this.underWay += 1;
  }

  see(key: string, sighting: Sighting): void {
    this.#note(key, { kind: 'sighting', sighting });
  }

  close(attempt: Attempt, result: AttemptResult): void {
    attempt.result = result;
    this.underWay -= 1;
    if (result.kind === 'cut') this.cut += 1;
    if (result.kind !== 'named' || !result.isAcknowledged) return;
    this.acknowledged += 1;
    if (this.acknowledged >= (this.#awaited?.count ?? Number.POSITIVE_INFINITY)) this.#awaited?.resolve();
  }

  /** Resolves when that many writes more than now have been acknowledged. */
  async moreAcknowledged(count: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#awaited = { count: this.acknowledged + count, resolve };
    });
  }

  of(key: string): readonly KeyEvent[] {
    return this.events.get(key) ?? [];
  }

  attemptsOf(key: string): Attempt[] {
    return this.of(key).flatMap((event) => (event.kind === 'attempt' ? [event.attempt] : []));
  }

  /** Ids of all operations there is something to ask about. */
  get ids(): string[] {
    const attempts = [...this.events.keys()].flatMap((key) => this.attemptsOf(key));
    return attempts.flatMap(({ result }) => (result.kind === 'named' ? [result.id] : []));
  }

  outcomeOf({ result }: Attempt): Receipt | undefined {
    return result.kind === 'named' ? this.outcomes.get(result.id) : undefined;
  }

  #note(key: string, event: KeyEvent): void {
    const events = this.events.get(key);
    if (events === undefined) this.events.set(key, [event]);
    else events.push(event);
  }
}
