import type { ListedEntry, ReadLevel, WriteCondition, WriteRequest } from '../history/call.ts';
import type { LogRow, View } from '../history/final-state.ts';

/*
 * A store that keeps its promises, small enough to see that it does, and with mistakes to choose from. It knows nothing of
 * concurrency: whoever simulates calls decides when each thing happens.
 */

/** One safety mechanism that is missing. */
export type Mistake =
  | 'loses an accepted write'
  | 'applies a redelivery'
  | 'ignores conditions'
  | 'forgets identities'
  | 'says created wrongly'
  | 'gives old versions'
  | 'overtakes'
  | 'leaves the cache as it is'
  | 'caches for too long'
  | 'reads past the cache from it'
  | 'ignores Sync-Tokens'
  | 'serves what has expired'
  | 'lists from two moments'
  | 'leaves a key out of lists'
  | 'settles what was accepted'
  | 'logs another key';

interface Stored {
  readonly version: number;
  /** Undefined for a tombstone. */
  readonly value: string | undefined;
  readonly expiresAt: number | undefined;
}

interface Cached {
  readonly stored: Stored | undefined;
  readonly asOf: number;
}

export interface CachedView {
  readonly view: View;
  readonly ageMs: number;
}

export const wallOffsetMs = 1_700_000_000_000;

export class SimulatedStore {
  readonly rows = new Map<string, LogRow>();
  /** While set the cache misses every write. */
  isCacheAway = false;
  readonly #cacheTtlMs: number;
  readonly #mistake: Mistake | undefined;
  readonly #entries = new Map<string, Stored>();
  readonly #cache = new Map<string, Cached>();
  readonly #identities = new Map<string, { readonly meaning: string; readonly row: LogRow }>();
  #applied = 0;

  constructor(cacheTtlMs: number, mistake?: Mistake) {
    this.#cacheTtlMs = cacheTtlMs;
    this.#mistake = mistake;
  }

  /** Applies an operation, unless its id has an outcome. @returns its row */
  apply(id: string, request: WriteRequest, now: number): LogRow | undefined {
    this.#applied += 1;
    const known = this.rows.get(id);
    if (known !== undefined) return known;
    if (this.#errs('loses an accepted write')) return undefined;
    const row = { ...this.#outcome(id, request, now), id };
    if (this.#errs('applies a redelivery')) this.#outcome(id, request, now);
    this.rows.set(id, this.#errs('logs another key') ? { ...row, key: `${row.key}!` } : row);
    return row;
  }

  /** Gives an id without an outcome the one that it never comes. */
  settle(id: string, now: number): void {
    if (this.rows.has(id)) return;
    this.rows.set(id, { id, status: 'failed', problem: 'not-accepted', settledAt: now + wallOffsetMs });
  }

  read(key: string, now: number): View {
    return this.#viewOf(this.#entries.get(key), now);
  }

  readPastCache(key: string, now: number): View {
    if (this.#mistake === 'reads past the cache from it') return this.readCached(key, { kind: 'cached' }, now).view;
    return this.read(key, now);
  }

  readCached(key: string, level: ReadLevel, now: number): CachedView {
    const cached = this.#cache.get(key);
    const ttlMs = this.#mistake === 'caches for too long' ? this.#cacheTtlMs * 3 : this.#cacheTtlMs;
    const mostMs = level.kind === 'max-age' ? Math.min(level.seconds * 1000, ttlMs) : ttlMs;
    if (cached !== undefined && now - cached.asOf <= mostMs) {
      return { view: this.#viewOf(cached.stored, now), ageMs: now - cached.asOf };
    }
    this.#cache.set(key, { stored: this.#entries.get(key), asOf: now });
    return { view: this.read(key, now), ageMs: 0 };
  }

  list(prefix: string, now: number): ListedEntry[] {
    const keys = [...this.#entries.keys()].filter((key) => key.startsWith(prefix)).sort();
    if (this.#errs('leaves a key out of lists')) keys.pop();
    return keys.flatMap((key) => {
      const { version, expiresAt } = this.read(key, now);
      return version === undefined ? [] : [{ key, version, expiresAt }];
    });
  }

  #outcome(id: string, request: WriteRequest, now: number): LogRow {
    const { idempotencyKey, key, kind } = request;
    if (idempotencyKey === undefined || this.#mistake === 'forgets identities') return this.#judge(id, request, now);
    const identity = `${key} ${idempotencyKey}`;
    const meaning = JSON.stringify([kind, request]);
    const first = this.#identities.get(identity);
    const settledAt = now + wallOffsetMs;
    if (first?.meaning === meaning) return { ...first.row, settledAt };
    const common = { id, key, action: kind, settledAt };
    if (first !== undefined) return { ...common, status: 'rejected', problem: 'idempotency-conflict' };
    const row = this.#judge(id, request, now);
    this.#identities.set(identity, { meaning, row });
    return row;
  }

  #judge(id: string, request: WriteRequest, now: number): LogRow {
    const { key, kind: action, condition } = request;
    const stored = this.#entries.get(key);
    const { version: current } = this.read(key, now);
    const common = { id, key, action, settledAt: now + wallOffsetMs };
    if (this.#mistake !== 'ignores conditions' && !meets(condition, current)) {
      return { ...common, status: 'rejected', problem: 'version-mismatch', currentVersion: current };
    }
    if (action === 'delete' && current === undefined) return { ...common, status: 'applied' };
    const least = this.#errs('gives old versions') ? 1 : (stored?.version ?? 0) + 1;
    const version = least === 1 ? (stored?.version ?? 2) - 1 : Math.max(least, Math.floor((now + wallOffsetMs) * 1000));
    const { value, ttlSeconds } = request.kind === 'put' ? request : {};
    const expiresAt = ttlSeconds === undefined ? undefined : common.settledAt + ttlSeconds * 1000;
    this.#keep(key, { version, value, expiresAt }, now);
    const isCreated = (current === undefined) !== this.#errs('says created wrongly');
    return { ...common, status: 'applied', version, created: action === 'put' ? isCreated : undefined, expiresAt };
  }

  #keep(key: string, stored: Stored, now: number): void {
    this.#entries.set(key, stored);
    if (!this.isCacheAway && !this.#errs('leaves the cache as it is')) this.#cache.set(key, { stored, asOf: now });
  }

  #viewOf(stored: Stored | undefined, now: number): View {
    if (stored?.value === undefined) return {};
    const { version, value, expiresAt } = stored;
    const isExpired = expiresAt !== undefined && expiresAt <= now + wallOffsetMs;
    return isExpired && this.#mistake !== 'serves what has expired' ? {} : { version, value, expiresAt };
  }

  /** A mistake is made now and then, and not at the start, so that most of the run is as it should be. */
  #errs(mistake: Mistake): boolean {
    return this.#mistake === mistake && this.#applied > 200 && this.#applied % 7 === 0;
  }
}

function meets(condition: WriteCondition | undefined, current: number | undefined): boolean {
  if (condition === undefined) return true;
  if (condition.kind === 'version') return current === condition.version;
  return (current === undefined) === (condition.kind === 'absent');
}
