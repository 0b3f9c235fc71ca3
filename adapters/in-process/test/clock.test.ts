import { clockSuite, ManualClock } from '@stratakv/core/testing';
import { systemClock } from '../src/index.ts';

clockSuite('systemClock', () => ({ clock: systemClock }));

clockSuite('ManualClock', () => {
  const clock = new ManualClock();
  return { clock, advance: (ms) => clock.advance(ms) };
});
