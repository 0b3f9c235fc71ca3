import { after, before } from 'node:test';
import { operationQueueSuite, outcomeFeedSuite } from '@stratakv/core/testing';
import { startRabbitMq, type TestRabbitMq } from '@stratakv/native/testing';
import { RabbitMqOutcomeFeed } from '../src/index.ts';
import { deadLetterCases } from './dead-letter-cases.ts';
import { faultCases } from './fault-cases.ts';
import { outcomeFeedCases } from './outcome-feed-cases.ts';
import { publishingCases } from './publishing-cases.ts';
import { subscriptionCases } from './subscription-cases.ts';
import { TestStore } from './test-store.ts';
import { topologyCases } from './topology-cases.ts';

let server: TestRabbitMq;
before(async () => {
  server = await startRabbitMq();
});
after(() => server.close());
const create = () => new TestStore(server);

operationQueueSuite(
  'RabbitMqOperationQueue',
  async () => {
    const store = create();
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
  const store = create();
  return {
    connect: async () => new RabbitMqOutcomeFeed((await store.connect()).broker, { prefix: store.prefix }),
    close: () => store.close(),
  };
});

publishingCases(create);
topologyCases(create);
subscriptionCases(create);
outcomeFeedCases(create);
deadLetterCases(create);
faultCases(() => server);
