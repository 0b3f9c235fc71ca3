import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { entryStoreSuite } from '@stratakv/core/testing';
import { openSqliteStore } from '../src/index.ts';

entryStoreSuite('Sqlite', async ({ retentionMs }) => {
  const folder = mkdtempSync(join(tmpdir(), 'stratakv-'));
  const open = () => openSqliteStore({ folder, partitionCount: 16, retentionMs, maxQueueBytes: 64e6, pageCacheBytes: 8e6 });
  let store = await open();
  return {
    store: store.store, reader: store.reader,
    reopen: async () => { await store.close(); store = await open(); return store; },
    close: async () => { await store.close(); rmSync(folder, { recursive: true }); },
  };
});
