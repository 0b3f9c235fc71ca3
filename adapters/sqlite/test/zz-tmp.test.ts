import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { operationQueueSuite } from '@stratakv/core/testing';
import { openSqliteStore } from '../src/index.ts';

operationQueueSuite('SqliteOperationQueue', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratakv-'));
  const open = () => openSqliteStore({ folder, partitionCount: 16, retentionMs: 60_000, maxQueueBytes: 64e6, pageCacheBytes: 8e6 });
  let store = await open();
  return {
    get queue() { return store.queue; },
    reopen: async () => { await store.close(); store = await open(); return store.queue; },
    close: async () => { await store.close(); rmSync(folder, { recursive: true }); },
  };
});
