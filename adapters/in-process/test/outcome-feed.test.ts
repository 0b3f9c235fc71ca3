import { outcomeFeedSuite } from '@stratakv/core/testing';
import { InProcessOutcomeFeed, OutcomeHub } from '../src/index.ts';

outcomeFeedSuite('InProcessOutcomeFeed', async () => {
  const hub = new OutcomeHub();
  return { connect: async () => new InProcessOutcomeFeed(hub), close: async () => {} };
});
