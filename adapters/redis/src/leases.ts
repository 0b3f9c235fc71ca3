import { randomBytes } from 'node:crypto';
import type { Key } from '@stratakv/core';
import type { RedisConnection } from './connection.ts';
import { inGroups } from './groups.ts';
import type { SlotNames } from './slot-names.ts';

export interface LeasesOptions {
  readonly connection: RedisConnection;
  readonly names: SlotNames;
  /** How long a lease stands, milliseconds. */
  readonly termMs: number;
}

/** A miss that wants a lease, or a damaged entry to be removed, or both. */
export interface LeaseWish {
  /** Of the query. */
  readonly index: number;
  readonly key: Key;
  readonly wantsLease: boolean;
  readonly isDamaged: boolean;
  /** An entry with this `asOf` or a later one would have been a hit: if one came in meanwhile there is no lease. */
  readonly hitFrom: number;
}

export interface GivenLease {
  readonly index: number;
  readonly lease: string;
}

/** Takes leases for what a lookup missed. */
export class Leases {
  readonly #options: LeasesOptions;
  /** 8 characters; with the count of calls they make tokens that no other process and no later one gives again. */
  readonly #self = randomBytes(6).toString('base64url');
  #calls = 0;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /**
   * One lease at most for each wish; those without are left out.
   *
   * @throws StrataError `unavailable`
   */
  async take(wishes: readonly LeaseWish[]): Promise<readonly GivenLease[]> {
    const { connection, names, termMs } = this.#options;
    const given: GivenLease[] = [];
    for (const group of inGroups(wishes, ({ key }) => key.length)) {
      const slots = group.map(({ key }) => names.slot(key));
      const start = this.#tokenStart();
      const letters = group.map(letterOf).join('');
      const hitFrom = group.map((wish) => digits(Math.max(0, Math.ceil(wish.hitFrom)), 16)).join('');
      const answer = await connection.call((redis) =>
        redis.kvLease(slots.length, ...slots, termMs, start, letters, hitFrom),
      );
      for (const [at, { index }] of group.entries()) {
        if (answer[at] === '1') given.push({ index, lease: start + digits(at + 1, 4) });
      }
    }
    return given;
  }

  #tokenStart(): string {
    this.#calls += 1;
    return this.#self + this.#calls.toString(36).padStart(8, '0');
  }
}

function letterOf({ isDamaged, wantsLease }: LeaseWish): string {
  if (!isDamaged) return 'w';
  return wantsLease ? 'd' : 'r';
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0');
}
