import { randomBytes } from 'node:crypto';
import { openSqlStore } from '@stratakv/adapter-sql';
import { defaultPartitionCount, type Fence, operationPartition, type PutOperation } from '@stratakv/core';
import { putOf } from '@stratakv/core/testing';
import { Client } from 'pg';
import { createPicker, entryKey, entryValue } from './dataset.ts';

/** What is applied, and how. */
export interface RawLoad {
  readonly operations: number;
  /** Entries they are about, each as likely as the other. */
  readonly entries: number;
  readonly valueBytes: number;
}

const batchSize = 500;
/** Batches that are made, which is not measured, before they are applied. */
const lump = 40;
const dayMs = 24 * 3600 * 1000;

/**
 * How fast a PostgreSQL applies writes when nothing is around it: the adapter's own transaction (ids looked up, entries
 * read, upserted, operations inserted, one commit) in batches of 500 on one connection, in a fresh database.
 *
 * @param databaseUrl of any database of the server
 * @returns operations a second
 */
export async function measureRawApply(databaseUrl: string, load: RawLoad): Promise<number> {
  const name = `bench_${randomBytes(6).toString('hex')}`;
  await query(databaseUrl, `CREATE DATABASE ${name}`);
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  try {
    return await applyAll(url.href, load);
  } finally {
    await query(databaseUrl, `DROP DATABASE ${name}`);
  }
}

async function applyAll(url: string, load: RawLoad): Promise<number> {
  const database = openSqlStore({ url, retentionMs: dayMs, maxConnections: 1 });
  try {
    await database.ensureInstallation(defaultPartitionCount);
    const fences: Fence[] = [];
    for (let partition = 0; partition < defaultPartitionCount; partition += 1) {
      const { token } = await database.store.raiseFence(partition);
      fences.push({ partition, token });
    }
    const make = createMaker(load);
    let tookMs = 0;
    for (let done = 0; done < load.operations; done += lump * batchSize) {
      const batches = Array.from({ length: lump }, () => makeBatch(make, fences));
      const startedAt = performance.now();
      for (const batch of batches) await database.store.apply(batch);
      tookMs += performance.now() - startedAt;
    }
    const applied = Math.ceil(load.operations / (lump * batchSize)) * lump * batchSize;
    return applied / (tookMs / 1000);
  } finally {
    await database.close();
  }
}

function makeBatch(make: () => PutOperation, fences: readonly Fence[]) {
  const operations = Array.from({ length: batchSize }, make);
  const used = new Set(operations.map(({ id }) => operationPartition(id)));
  return { fences: fences.filter(({ partition }) => used.has(partition)), operations };
}

function createMaker({ entries, valueBytes }: RawLoad): () => PutOperation {
  const pick = createPicker('uniform', entries, 1);
  return () => {
    const index = pick();
    return putOf(entryKey(index), entryValue(index, valueBytes));
  };
}

async function query(connectionString: string, text: string): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
