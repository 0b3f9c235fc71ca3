import { type Key, StrataError } from '@stratakv/core';
import type { DatabaseAnswer } from './database-reads.ts';

/** Somebody who waits for what the database says about a key. */
export interface Waiter {
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly isCollapsed: boolean;
  resolve(answer: DatabaseAnswer): void;
  reject(error: unknown): void;
}

/** One key on its way to the database and back, and all who wait for it. */
export class KeyRead {
  readonly key: Key;
  /** Permission to fill the cache; may come with a later reader as long as the read is not sent. */
  lease: string | undefined;
  /** Those who were there when it was sent. */
  waiters: Waiter[] = [];
  /** Those who came later: the answer counts for them only when the cache took it in. */
  joined: Waiter[] = [];

  constructor(key: Key, lease: string | undefined) {
    this.key = key;
    this.lease = lease;
  }

  resolve(answer: Omit<DatabaseAnswer, 'isCollapsed'>): void {
    for (const { isCollapsed, resolve } of this.waiters.splice(0)) resolve({ ...answer, isCollapsed });
  }

  reject(error: unknown): void {
    for (const { reject } of [...this.waiters.splice(0), ...this.joined.splice(0)]) reject(error);
  }

  /** Rejects those whose deadline has passed. */
  expire(now: number): void {
    if (this.waiters.some(({ deadline }) => deadline <= now)) this.waiters = withoutLate(this.waiters, now);
    if (this.joined.some(({ deadline }) => deadline <= now)) this.joined = withoutLate(this.joined, now);
  }
}

function withoutLate(waiters: readonly Waiter[], now: number): Waiter[] {
  return waiters.filter(({ deadline, reject }) => {
    if (deadline > now) return true;
    reject(new StrataError('unavailable', 'The database did not answer in time.'));
    return false;
  });
}
