import {
  type Clock,
  type Entry,
  type EntryReader,
  type InstallationState,
  type Key,
  type OperationId,
  type OperationRecord,
  type ReadBatch,
  type ScanPage,
  type ScanQuery,
  StrataError,
} from '@stratakv/core';
import type { DamageWatch } from './damage-watch.ts';
import type { EntryRow } from './entry-table.ts';
import type { QueuedMessage } from './queue-table.ts';
import type { ReaderRequest, ReaderResult } from './reader-thread.ts';
import type { ConnectionOptions } from './schema.ts';
import { errorOf, Thread } from './thread.ts';

/** Reads the SQLite database in a thread of its own. */
export class SqliteEntryReader implements EntryReader {
  readonly #thread: Thread;
  readonly #clock: Clock;
  readonly #damage: DamageWatch;

  private constructor(thread: Thread, clock: Clock, damage: DamageWatch) {
    this.#thread = thread;
    this.#clock = clock;
    this.#damage = damage;
  }

  static async open(connection: ConnectionOptions, clock: Clock, damage: DamageWatch): Promise<SqliteEntryReader> {
    const file = new URL('./reader-thread.ts', import.meta.url);
    const thread = await Thread.start(file, connection, (error) => damage.noteDeath(error));
    return new SqliteEntryReader(thread, clock, damage);
  }

  async batchGet(keys: readonly Key[]): Promise<ReadBatch> {
    const rows = (await this.#ask({ kind: 'get', keys })) as readonly (EntryRow | undefined)[];
    return { entries: rows.map((row, index) => row && entryOf(keys[index] as Key, row)) };
  }

  scan(query: ScanQuery): Promise<ScanPage> {
    return this.#ask({ kind: 'scan', query }) as Promise<ScanPage>;
  }

  operations(ids: readonly OperationId[]): Promise<readonly (OperationRecord | undefined)[]> {
    return this.#ask({ kind: 'operations', ids }) as Promise<(OperationRecord | undefined)[]>;
  }

  fingerprint(identity: string): Promise<string | undefined> {
    return this.#ask({ kind: 'fingerprint', identity }) as Promise<string | undefined>;
  }

  installation(): Promise<InstallationState> {
    return this.#ask({ kind: 'installation' }) as Promise<InstallationState>;
  }

  /** Messages of a partition's queue after a sequence number, in order. For the queue adapter. */
  queuePage(partition: number, after: number, limit: number, maxBytes: number): Promise<readonly QueuedMessage[]> {
    return this.#ask({ kind: 'queue-page', partition, after, limit, maxBytes }) as Promise<QueuedMessage[]>;
  }

  async check(): Promise<void> {
    this.#damage.check();
    await this.#ask({ kind: 'operations', ids: [] });
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  async #ask(request: ReaderRequest): Promise<unknown> {
    const result = await this.#thread.ask({ request, nowMs: this.#clock.now() }).catch((cause: unknown) => {
      throw new StrataError('unavailable', 'The database thread has died.', { cause });
    });
    const answer = result as ReaderResult;
    if (!('failure' in answer)) return answer.value;
    this.#damage.note(answer.failure);
    throw errorOf(answer.failure);
  }
}

function entryOf(key: Key, row: EntryRow): Entry {
  const { value, contentType, meta, version, modifiedAt, expiresAt } = row;
  return { key, value, contentType, meta, version, modifiedAt, expiresAt };
}
