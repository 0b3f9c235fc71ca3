import { StrataError } from '@stratakv/core';
import type { Failure } from './failure.ts';

/**
 * Remembers what the store cannot recover from by itself: damage in the database, or the death of a thread. Reads that
 * still work go on; nothing new is taken in, since it could not be kept as promised.
 */
export class DamageWatch {
  readonly #onDamage: (detail: string) => void;
  #detail: string | undefined;

  /** @param onDamage told once, in words for a person, what it is and what to do */
  constructor(onDamage: (detail: string) => void) {
    this.#onDamage = onDamage;
  }

  note({ isDamage, detail }: Failure): void {
    if (isDamage === true) this.#keep(detail, 'Restore it from a backup.');
  }

  noteDeath(error: Error): void {
    this.#keep(`A thread of the database has died: ${error.message}.`, 'Restart the store.');
  }

  /** @throws StrataError `unavailable` once there was something */
  check(): void {
    if (this.#detail !== undefined) throw new StrataError('unavailable', this.#detail);
  }

  #keep(detail: string, advice: string): void {
    if (this.#detail !== undefined) return;
    this.#detail = detail;
    this.#onDamage(`${detail} ${advice}`);
  }
}
