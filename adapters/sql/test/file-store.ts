import { after } from 'node:test';
import { SoleConsumer } from '@stratakv/core/testing';
import type { SqlStore } from '../src/index.ts';
import { type TestSchema, TestServer } from './test-database.ts';

/** What a test gets: a store of its own in the server of its file, and a consumer that has it to itself. */
export interface Given {
  readonly schema: TestSchema;
  readonly database: SqlStore;
  readonly consumer: SoleConsumer;
}

/** Starts the server that the tests of a file share; it ends after the last of them. */
export async function useStores(): Promise<{
  readonly server: TestServer;
  /** Runs a test on a store of its own. */
  readonly withStore: (body: (given: Given) => Promise<void>) => Promise<void>;
}> {
  const server = await TestServer.start();
  after(() => server.close());
  const withStore = async (body: (given: Given) => Promise<void>) => {
    const schema = await server.createSchema();
    const database = await schema.open();
    try {
      await body({ schema, database, consumer: new SoleConsumer(database.store) });
    } finally {
      await database.close();
    }
  };
  return { server, withStore };
}
