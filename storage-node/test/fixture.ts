import { InProcessEntryCache } from '@stratakv/adapter-in-process';
import {
  type CacheStatus,
  cachedLevel,
  type Entry,
  type EntryCache,
  type EntryReader,
  type Key,
  type LeveledAnswer,
  type ReadLevel,
  type Storage,
} from '@stratakv/core';
import { faulty, ManualClock, MemoryStore } from '@stratakv/core/testing';
import { createLogger, createMetrics } from '@stratakv/service-kit';
import { createStorage, type StorageSettings } from '../src/index.ts';

type Found = Extract<LeveledAnswer, { kind: 'found' }>;

/** A storage over a database and a cache in memory, in time that the test moves. */
export class Fixture {
  readonly clock = new ManualClock();
  readonly database = new MemoryStore({ clock: this.clock, partitionCount: 16 });
  readonly memory = new InProcessEntryCache({ clock: this.clock, maxBytes: 1024 * 1024 });
  readonly reader = faulty<EntryReader>(this.database);
  readonly cache = faulty<EntryCache>(this.memory);
  readonly metrics = createMetrics({ service: 'storage-node' });
  readonly storage: Storage;
  #version = 0;

  constructor(settings: Partial<StorageSettings> = {}) {
    this.storage = createStorage({
      reader: this.reader.port,
      cache: this.cache.port,
      clock: this.clock,
      logger: createLogger({ service: 'storage-node', level: 'silent' }),
      metrics: this.metrics,
      settings,
    });
  }

  /** What a consumer's commit leaves in the database. */
  commit(key: Key, text: string, members: Partial<Entry> = {}): Entry {
    this.#version += 1;
    const value = new Uint8Array(Buffer.from(text));
    const entry = {
      key,
      value,
      contentType: 'text/plain',
      meta: [],
      version: this.#version,
      modifiedAt: this.clock.now(),
    };
    const stored = { ...entry, expiresAt: undefined, ...members };
    this.database.stored.set(key, stored);
    return stored;
  }

  /** A whole write, as a consumer does it. */
  async write(key: Key, text: string): Promise<void> {
    const marker = `marker of ${text}`;
    await this.memory.invalidate([key], marker);
    const stored = this.commit(key, text);
    await this.memory.put([key], [{ stored, asOf: this.clock.now() }], marker);
  }

  async readEach(keys: readonly Key[], level: Partial<ReadLevel> = {}, waitMs = 5_000) {
    const reads = keys.map((key) => ({ key, level: { ...cachedLevel, ...level } }));
    return this.storage.readEach(reads, this.clock.now() + waitMs);
  }

  async read(key: Key, level: Partial<ReadLevel> = {}, waitMs = 5_000): Promise<LeveledAnswer> {
    const [answer] = await this.readEach([key], level, waitMs);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  /** The text found, or the problem; with how it came about. */
  async look(
    key: Key,
    level: Partial<ReadLevel> = {},
  ): Promise<readonly [string | undefined, CacheStatus['forwarded']]> {
    const answer = await this.read(key, level);
    return [textOf(answer), answer.kind === 'found' ? answer.cacheStatus.forwarded : undefined];
  }

  async found(key: Key, level: Partial<ReadLevel> = {}): Promise<Found> {
    const answer = await this.read(key, level);
    if (answer.kind !== 'found') throw new Error(`a problem: ${answer.code}`);
    return answer;
  }
}

/** The text found; undefined when there is none; the code of a problem. */
export function textOf(answer: LeveledAnswer | undefined): string | undefined {
  if (answer?.kind === 'problem') return answer.code;
  return answer?.entry === undefined ? undefined : Buffer.from(answer.entry.value).toString();
}
