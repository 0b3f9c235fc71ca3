import { after, before, describe } from 'node:test';
import { type CreateStore, entryStoreSuite } from '@stratakv/core/testing';
import type { SqlStore, SqlStoreOptions } from '../src/index.ts';
import { TestServer } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

const createWith =
  (options: Pick<SqlStoreOptions, 'isolation'>, settings = ''): CreateStore =>
  async ({ retentionMs }) => {
    const schema = await server.createSchema();
    const proxy = await schema.proxy();
    const opened: SqlStore[] = [];
    const open = async () => {
      const database = await schema.open({ url: schema.url([proxy.port], {}, settings), retentionMs, ...options });
      opened.push(database);
      return database;
    };
    const { store, reader } = await open();
    return {
      store,
      reader,
      reopen: open,
      cutOff: () => proxy.close(),
      close: async () => {
        await proxy.close();
        await Promise.all(opened.map((each) => each.close()));
      },
    };
  };

// Much of the time goes into waiting for the server's clock: several cases wait together.
describe('PostgreSQL', { concurrency: 2 }, () => {
  entryStoreSuite('SqlEntryStore', createWith({}), { canBeCutOff: true });
  // The level CockroachDB works at, for single statements too: transactions that meet start over.
  const serializable = createWith({ isolation: 'serializable' }, '-cdefault_transaction_isolation=serializable');
  entryStoreSuite('SqlEntryStore, serializable', serializable, { canBeCutOff: true });
});
