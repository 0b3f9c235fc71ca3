import { after, before } from 'node:test';
import { operationQueueSuite, outcomeFeedSuite } from '@stratakv/core/testing';
import { startRabbitMq, type TestRabbitMq } from '@stratakv/native/testing';
import { RabbitMqOutcomeFeed } from '../src/index.ts';
import { TestStore } from './test-store.ts';

let server: TestRabbitMq;
before(async () => {
  server = await startRabbitMq();
});
after(() => server.close());

operationQueueSuite(
  'RabbitMqOperationQueue',
  async () => {
    const store = new TestStore(server);
    let open = await store.open();
    return {
      queue: open.queue,
      reopen: async () => {
        await open.wire.close();
        open = await store.open();
        return open.queue;
      },
      cutOff: () => open.wire.close(),
      close: () => store.close(),
    };
  },
  { canBeCutOff: true },
);

outcomeFeedSuite('RabbitMqOutcomeFeed', async () => {
  const store = new TestStore(server);
  return {
    connect: async () => new RabbitMqOutcomeFeed((await store.connect()).broker, { prefix: store.prefix }),
    close: () => store.close(),
  };
});
