import { createRandom } from '../src/dataset.ts';
import type { Client } from './client.ts';
import type { Entries } from './entries.ts';
import { type KindName, kindNames, kinds } from './kinds.ts';
import { OwnEntry } from './own-entry.ts';
import { QueuedWrites } from './queued-writes.ts';
import { batchGet, get, getNoCache, list } from './reads.ts';

/** Sends one request after the other, of the kinds by their shares. What it needs to know of its own writes it keeps. */
export class VirtualUser {
  readonly #steps: Readonly<Record<KindName, () => void>>;
  readonly #random: () => number;

  constructor(client: Client, entries: Entries, prefix: string, seed: number) {
    const own = new OwnEntry(client, prefix);
    const queued = new QueuedWrites(client, entries, prefix);
    this.#random = createRandom(seed);
    this.#steps = {
      get: () => get(client, entries),
      get_no_cache: () => getNoCache(client, entries),
      put: () => queued.put(),
      put_wait: () => queued.putWaited(),
      put_if: () => own.put(),
      delete: () => (own.isThere ? own.delete() : own.put()),
      list: () => list(client, entries),
      batch_get: () => batchGet(client, entries),
      operation: () => queued.askOperation(),
      sync_read: () => queued.readOwnWrite(),
    };
  }

  /** One request. */
  next(): void {
    let point = this.#random() * 100;
    for (const kind of kindNames) {
      point -= kinds[kind].share;
      if (point < 0) {
        this.#steps[kind]();
        return;
      }
    }
  }
}
