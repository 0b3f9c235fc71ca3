import type {
  CacheAnswer,
  CachedEntry,
  CacheFill,
  CacheQuery,
  CacheWrite,
  Clock,
  Entry,
  EntryCache,
  Key,
} from '@stratakv/core';
import { Doorkeeper, isTombstone } from '@stratakv/core';
import { CacheSlot } from './cache-slot.ts';

/*
 * The cache of the embedded mode. Per key there is one slot, which holds any of: what is known about the key (the
 * entry, or that there is none), a lease, a marker.
 *
 *  1. lookup hits when something is held that is at most `maxAgeMs` old, counted from its `asOf`. An entry is held for
 *     `freshMs + staleMaxMs`, and never from its expiry on; absence for `absentTtlMs`. What is held but older than
 *     asked for comes with the miss as `stale`.
 *  2. A miss that wants a lease gets one unless another reader's lease or a marker stands. A lease stands for
 *     `leaseTermMs`, until it is used, until a write voids it, or until the slot is evicted.
 *     A full cache gives a key's first lease only when the key was asked for before, not long ago.
 *  3. A fill is taken when its lease stands, no marker does, and nothing is held that has a higher version or an `asOf`
 *     at least as late. Either way the fill uses its lease up.
 *  4. invalidate forgets what is held, voids the lease and leaves its marker for `markerTermMs`, over any other marker:
 *     the batch that comes last decides.
 *  5. put stores a write when its own marker stands. Without it, put forgets what is older than the write and stores
 *     nothing. Either way it voids the lease: if the marker was lost, that lease may have come between invalidate and
 *     the commit, and its reader may hold the entry of before. Then the marker, if it is this batch's, goes.
 *  6. Memory: each slot counts its key, its entry's bytes and a fixed overhead, also when it holds only absence, a lease
 *     or a marker. Beyond `maxBytes`, slots go by CLOCK: a hand walks the slots and takes the first that was not hit
 *     since it last came by, sparing the one that room is made for. So a hit only sets a flag; moving the slot to the
 *     end of the map at each hit, as LRU does, makes the map rebuild itself all the time (measured: 100 to 700 ns a hit
 *     against 6 to 45). What is larger than the whole cache is not stored.
 */

export interface InProcessEntryCacheOptions {
  readonly clock: Clock;
  /** Bound on what the cache holds, bytes. */
  readonly maxBytes: number;
  /** How old an entry may get before a reader counts it as stale; 60 s by default. */
  readonly freshMs?: number;
  /** How long an entry is kept beyond that, for `stale-if-error`; 1 h by default. */
  readonly staleMaxMs?: number;
  /** How long absence is kept; 2 s by default. */
  readonly absentTtlMs?: number;
  /** How long a reader may take from its lookup to its fill; 5 s by default. */
  readonly leaseTermMs?: number;
  /** How long a marker stands; longer than any transaction's deadline; 15 s by default. */
  readonly markerTermMs?: number;
}

/** Share of `maxBytes` from which on new keys are chosen. */
const fullShare = 0.95;

const plainMiss: CacheAnswer = { kind: 'miss', lease: undefined, stale: undefined };

/** The cache of the embedded mode: bounded by bytes, entries shared by reference, nothing ever waited for. */
export class InProcessEntryCache implements EntryCache {
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #keptMs: number;
  readonly #absentTtlMs: number;
  readonly #leaseTermMs: number;
  readonly #markerTermMs: number;
  readonly #slots = new Map<Key, CacheSlot>();
  // Kept between evictions: a new iterator would walk over the holes of all that was evicted before.
  #hand = this.#slots.values();
  readonly #doorkeeper = new Doorkeeper();
  #bytes = 0;
  #leases = 0;

  constructor(options: InProcessEntryCacheOptions) {
    this.#clock = options.clock;
    this.#maxBytes = options.maxBytes;
    this.#keptMs = (options.freshMs ?? 60_000) + (options.staleMaxMs ?? 3_600_000);
    this.#absentTtlMs = options.absentTtlMs ?? 2_000;
    this.#leaseTermMs = options.leaseTermMs ?? 5_000;
    this.#markerTermMs = options.markerTermMs ?? 15_000;
  }

  /** What the cache holds now, by its own count: at most `maxBytes`. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many keys it holds something about. */
  get size(): number {
    return this.#slots.size;
  }

  lookup(queries: readonly CacheQuery[]): Promise<readonly CacheAnswer[]> {
    const now = this.#clock.now();
    const answers: CacheAnswer[] = [];
    for (const query of queries) answers.push(this.#answer(query, now));
    return Promise.resolve(answers);
  }

  fill(fills: readonly CacheFill[]): Promise<readonly boolean[]> {
    const now = this.#clock.now();
    return Promise.resolve(fills.map((fill) => this.#fill(fill, now)));
  }

  invalidate(keys: readonly Key[], marker: string): Promise<void> {
    const until = this.#clock.now() + this.#markerTermMs;
    for (const key of keys) {
      const slot = this.#slots.get(key) ?? this.#open(key);
      this.#forget(slot);
      slot.pending = { lease: undefined, marker, until };
      slot.isReferenced = true;
    }
    this.#evict();
    return Promise.resolve();
  }

  put(keys: readonly Key[], writes: readonly CacheWrite[], marker: string): Promise<void> {
    const now = this.#clock.now();
    for (const write of writes) this.#put(write, marker, now);
    for (const key of keys) {
      const slot = this.#slots.get(key);
      if (slot?.pending?.marker !== marker) continue;
      slot.pending = undefined;
      if (slot.hit === undefined) this.#remove(slot);
    }
    this.#evict();
    return Promise.resolve();
  }

  check(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#slots.clear();
    this.#hand = this.#slots.values();
    this.#bytes = 0;
    return Promise.resolve();
  }

  get #isFull(): boolean {
    return this.#bytes > fullShare * this.#maxBytes;
  }

  #answer(query: CacheQuery, now: number): CacheAnswer {
    const slot = this.#slots.get(query.key);
    const hit = slot?.hit;
    if (slot === undefined || hit === undefined || now >= slot.heldUntil) return this.#miss(query, slot, now);
    if (now - hit.cached.asOf > query.maxAgeMs) return this.#miss(query, slot, now);
    slot.isReferenced = true;
    return hit;
  }

  #miss(query: CacheQuery, slot: CacheSlot | undefined, now: number): CacheAnswer {
    const stale = slot?.heldAt(now);
    const pending = slot?.pending;
    if (!query.wantsLease || (pending !== undefined && now < pending.until)) {
      return stale === undefined ? plainMiss : { kind: 'miss', lease: undefined, stale };
    }
    if (slot === undefined && this.#isFull && !this.#doorkeeper.knows(query.key)) return plainMiss;
    this.#leases += 1;
    const lease = String(this.#leases);
    const leased = slot ?? this.#open(query.key);
    leased.pending = { lease, marker: undefined, until: now + this.#leaseTermMs };
    if (slot === undefined) this.#evict(leased);
    return { kind: 'miss', lease, stale };
  }

  #fill({ key, lease, entry, asOf }: CacheFill, now: number): boolean {
    const slot = this.#slots.get(key);
    const pending = slot?.pending;
    if (slot === undefined || pending?.lease !== lease || now >= pending.until) return false;
    slot.pending = undefined;
    const held = slot.heldAt(now);
    if (held !== undefined && held.asOf >= asOf) return false;
    if (held !== undefined && entry !== undefined && slot.version > entry.version) return false;
    const isTaken = this.#hold(slot, entry, entry?.version ?? 0, asOf);
    this.#evict(slot);
    return isTaken;
  }

  #put({ stored, asOf }: CacheWrite, marker: string, now: number): void {
    const slot = this.#slots.get(stored.key);
    if (slot === undefined) return;
    const { pending } = slot;
    if (pending?.marker === marker && now < pending.until) {
      this.#hold(slot, isTombstone(stored) ? undefined : stored, stored.version, asOf);
      return;
    }
    if (pending?.lease !== undefined) slot.pending = undefined;
    if (slot.hit === undefined) return;
    // Absence that a reader found has no version: only its time can tell.
    const isOlder = slot.version === 0 ? slot.hit.cached.asOf <= asOf : slot.version < stored.version;
    if (isOlder) this.#forget(slot);
  }

  /** Stores what is known about a key. False when it is larger than the cache. */
  #hold(slot: CacheSlot, entry: Entry | undefined, version: number, asOf: number): boolean {
    this.#forget(slot);
    const cached: CachedEntry = { entry: entry && withOwnBytes(entry), asOf };
    const keptUntil = asOf + (entry === undefined ? this.#absentTtlMs : this.#keptMs);
    const bytes = slot.hold(cached, version, Math.min(keptUntil, entry?.expiresAt ?? keptUntil));
    this.#bytes += bytes;
    if (slot.bytes <= this.#maxBytes) return true;
    this.#forget(slot);
    return false;
  }

  #forget(slot: CacheSlot): void {
    this.#bytes -= slot.forget();
  }

  #open(key: Key): CacheSlot {
    const slot = new CacheSlot(key);
    this.#slots.set(key, slot);
    this.#bytes += slot.bytes;
    return slot;
  }

  #remove(slot: CacheSlot): void {
    this.#slots.delete(slot.key);
    this.#bytes -= slot.bytes;
  }

  /** Makes room; `spare` goes only when it is alone. */
  #evict(spare?: CacheSlot): void {
    while (this.#bytes > this.#maxBytes && this.#slots.size > 0) {
      const { value: slot, done } = this.#hand.next();
      if (done) this.#hand = this.#slots.values();
      else if (slot.isReferenced) slot.isReferenced = false;
      else if (slot !== spare || this.#slots.size === 1) this.#remove(slot);
    }
  }
}

/**
 * The entry with a value that is nearly all of its buffer. A small value cut out of a message would keep the whole
 * message in memory, uncounted; a large one is worth the few bytes around it, and not a copy.
 */
function withOwnBytes(entry: Entry): Entry {
  const { byteLength, buffer } = entry.value;
  if (buffer.byteLength - byteLength <= byteLength / 8) return entry;
  return { ...entry, value: new Uint8Array(entry.value) };
}
