import type {
  EntryReader,
  InstallationState,
  Key,
  OperationId,
  OperationRecord,
  ReadBatch,
  ScanPage,
  ScanQuery,
} from '@stratakv/core';
import type { Database } from './database.ts';
import { readEntries } from './entry-table.ts';
import { callFailure } from './failure.ts';
import { readInstallationState } from './installation.ts';
import type { PoolStats } from './observer.ts';
import { readIdentities, readOperations } from './operation-table.ts';
import { scanPage } from './scan.ts';

/** Reads a CockroachDB or PostgreSQL database. */
export class SqlEntryReader implements EntryReader {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get poolStats(): PoolStats {
    return this.#database.stats;
  }

  async batchGet(keys: readonly Key[]): Promise<ReadBatch> {
    if (keys.length === 0) return { entries: [] };
    // One statement, so one snapshot, and a new one: it shows all that was committed before.
    const entries = await this.#ask(this.#database.call((session) => readEntries(session, keys)));
    return { entries: keys.map((key) => entries.get(key)) };
  }

  scan(query: ScanQuery): Promise<ScanPage> {
    return this.#ask(this.#database.snapshot((session, begin) => scanPage(session, begin, query)));
  }

  async operations(ids: readonly OperationId[]): Promise<readonly (OperationRecord | undefined)[]> {
    if (ids.length === 0) return [];
    const records = await this.#ask(this.#database.call((session) => readOperations(session, ids)));
    return ids.map((id) => records.get(id));
  }

  async fingerprint(identity: string): Promise<string | undefined> {
    const known = await this.#ask(this.#database.call((session) => readIdentities(session, [identity])));
    return known.get(identity)?.fingerprint;
  }

  installation(): Promise<InstallationState> {
    return this.#ask(readInstallationState(this.#database));
  }

  async check(): Promise<void> {
    await this.installation();
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  async #ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw callFailure(error);
    }
  }
}
