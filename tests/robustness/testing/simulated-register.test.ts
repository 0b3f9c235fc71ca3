import { test } from 'node:test';
import fc from 'fast-check';
import { checkAccounting } from '../checks/accounting.ts';
import { checkQuiescence } from '../checks/quiescence.ts';
import { checkVersions } from '../checks/versions.ts';
import { accepts } from './judging.ts';
import { anySteps, simulate } from './simulated-register.ts';

test('whatever one key goes through in a store that works is accounted for, has right versions and is there after quiet', () => {
  fc.assert(
    fc.property(anySteps, (steps) => {
      const { run } = simulate(steps, true);
      for (const check of [checkAccounting, checkVersions, checkQuiescence]) accepts(check, run);
    }),
    { numRuns: 300 },
  );
});
