import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, defaultPartitionCount } from '@stratakv/core';
import { openSqliteStore, type SqliteOptions, type SqliteStore } from '../src/index.ts';

/** A store in a folder of its own that can be closed, opened again and removed. */
export class TestStore {
  readonly #options: SqliteOptions;
  #open: SqliteStore | undefined;

  private constructor(options: SqliteOptions) {
    this.#options = options;
  }

  static async create(clock: Clock, options: Partial<SqliteOptions> = {}): Promise<TestStore> {
    const folder = await mkdtemp(join(tmpdir(), 'stratakv-sqlite-'));
    const retentionMs = 7 * 24 * 3600 * 1000;
    const sizes = { maxQueueBytes: 1024 ** 3, pageCacheBytes: 8 * 1024 ** 2 };
    const store = new TestStore({
      folder,
      clock,
      partitionCount: defaultPartitionCount,
      retentionMs,
      ...sizes,
      ...options,
    });
    await store.open();
    return store;
  }

  get folder(): string {
    return this.#options.folder;
  }

  get parts(): SqliteStore {
    if (this.#open === undefined) throw new Error('the store is closed');
    return this.#open;
  }

  async open(): Promise<SqliteStore> {
    await this.#open?.close();
    this.#open = await openSqliteStore(this.#options);
    return this.#open;
  }

  async close(): Promise<void> {
    await this.#open?.close();
    this.#open = undefined;
    await rm(this.#options.folder, { recursive: true, force: true });
  }
}
