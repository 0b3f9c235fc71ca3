import { createRandom } from '../src/dataset.ts';
import type { Client } from './client.ts';
import type { Entries } from './entries.ts';
import { dealKinds, type KindName } from './kinds.ts';
import { OwnEntry } from './own-entry.ts';
import { QueuedWrites } from './queued-writes.ts';
import { batchGet, get, getNoCache, list } from './reads.ts';

/** The same for all, so that the shares come out whoever takes which step. */
const seed = 0x6b36;

/** Takes one step after the other. What it needs to know of its own writes it keeps. */
export class VirtualUser {
  readonly #steps: Readonly<Record<KindName, () => void>>;
  readonly #deck = dealKinds(createRandom(seed));

  /**
   * @param prefix of the keys that are this virtual user's alone
   * @param number of the virtual user
   */
  constructor(client: Client, entries: Entries, prefix: string, number: number) {
    const own = new OwnEntry(client, prefix, number);
    const queued = new QueuedWrites(client, entries, prefix);
    this.#steps = {
      get: () => get(client, entries),
      get_no_cache: () => getNoCache(client, entries),
      put: () => queued.put(),
      put_wait: () => queued.putWaited(),
      put_if: () => own.put(),
      delete: () => own.delete(),
      list: () => list(client, entries),
      batch_get: () => batchGet(client, entries),
      operation: () => queued.putAndAsk(),
      sync_read: () => queued.putAndRead(),
    };
  }

  /** @param number of the step among those of all virtual users */
  take(number: number): void {
    const kind = this.#deck[number % this.#deck.length];
    if (kind !== undefined) this.#steps[kind]();
  }
}
