import type { Key } from '@stratakv/core';
import type { RedisConnection } from './connection.ts';
import { inGroups } from './groups.ts';
import { type Found, type Reference, readBody, readSlot } from './slot.ts';
import type { SlotNames } from './slot-names.ts';

/*
 * MGET costs Redis 0.2 us a key, a script that looks at each slot 1.4 us (values of 100 bytes, batches of 128,
 * measured). So what is there is read by MGET, and only misses go to a script.
 *
 * MGET cannot be told to stop, and hundreds of values of 1 MiB in one reply would take longer than a reply may. So large
 * bodies lie apart: slots are small, and they tell how large a reply with bodies will be.
 */

/** Bodies up to this length are in the slot. */
export const inlineBytes = 16 * 1024;

interface BodyRead {
  readonly index: number;
  readonly key: Key;
  readonly reference: Reference;
}

/** Reads slots in replies of bounded size: one for up to 256 keys, and more when there are large values among them. */
export class SlotReader {
  readonly #connection: RedisConnection;
  readonly #names: SlotNames;

  constructor(connection: RedisConnection, names: SlotNames) {
    this.#connection = connection;
    this.#names = names;
  }

  /**
   * One slot for each key, in order, with the bodies that lie apart.
   *
   * @throws StrataError `unavailable`
   */
  async read(keys: readonly Key[]): Promise<Found[]> {
    const slots: Found[] = [];
    const apart: BodyRead[] = [];
    for (const group of inGroups(keys, () => inlineBytes)) {
      const found = await this.#get(group.map((key) => this.#names.slot(key)));
      for (const [at, key] of group.entries()) {
        const slot = readSlot(key, found[at] ?? null);
        if (slot.kind === 'apart') apart.push({ index: slots.length, key, reference: slot });
        slots.push(slot.kind === 'apart' ? { kind: 'damaged' } : slot);
      }
    }
    for (const group of inGroups(apart, ({ reference }) => reference.bodyBytes)) {
      const bodies = await this.#get(group.map(({ key }) => this.#names.body(key)));
      for (const [at, { index, key, reference }] of group.entries()) {
        slots[index] = readBody(key, reference, bodies[at] ?? null);
      }
    }
    return slots;
  }

  #get(names: readonly string[]): Promise<readonly (Buffer | null)[]> {
    return this.#connection.call((redis) => redis.mgetBuffer(...names));
  }
}
