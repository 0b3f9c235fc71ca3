import { entryCacheSuite, ManualClock } from '@stratakv/core/testing';
import { InProcessEntryCache } from '../src/index.ts';

entryCacheSuite('InProcessEntryCache', async (settings) => {
  const clock = new ManualClock();
  const cache = new InProcessEntryCache({ clock, maxBytes: 16 * 1024 * 1024, ...settings });
  return { cache, clock, advance: (ms) => clock.advance(ms), close: () => cache.close() };
});
