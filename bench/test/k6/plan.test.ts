import { deepEqual, equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dealKinds, kindNames, kinds } from '../../k6/kinds.ts';
import { scenarioNames, scenarios } from '../../k6/scenarios.ts';
import { planOf, secondsOf, stepsDue } from '../../k6/stages.ts';
import { thresholdsOf } from '../../k6/thresholds.ts';
import { createRandom } from '../../src/dataset.ts';

describe('the plan of a k6 scenario', () => {
  for (const name of scenarioNames) {
    const { defaults, minSeconds } = scenarios[name];

    test(`${name} takes as long as it was told, also when that is short`, () => {
      for (const seconds of [minSeconds, defaults.seconds]) {
        const { main, recovery } = planOf(name, { ...defaults, seconds });
        const all = secondsOf(main) + (recovery === undefined ? 0 : secondsOf(recovery));
        ok(Math.abs(all - seconds) < 0.001, `${all}`);
        // k6 takes no shorter one.
        if (recovery !== undefined) ok(secondsOf(recovery) >= 1);
        for (const stage of main.stages) ok(stage.seconds > 0);
      }
    });

    test(`${name} has limits for every kind of request, for failures and for what is dropped`, () => {
      const thresholds = thresholdsOf(name, defaults);
      for (const kind of kindNames) equal(thresholds[`kv_${kind}`]?.length, 3);
      deepEqual(thresholds.kv_unexpected, ['count==0']);
      ok(thresholds.dropped_iterations !== undefined);
      equal(thresholds.kv_shed !== undefined, !scenarios[name].maySwamp);
    });
  }

  test('steps that are due', () => {
    equal(stepsDue({ main: { startRate: 10, stages: [{ seconds: 4, target: 20 }] } }), 60);
  });

  test('a spike is ten times the rate before, and ends before the recovery', () => {
    const { main, recovery } = planOf('spike', { ...scenarios.spike.defaults, rate: 500 });
    equal(main.startRate, 50);
    equal(Math.max(...main.stages.map(({ target }) => target)), 500);
    deepEqual(
      recovery?.stages.map(({ target }) => target),
      [50],
    );
  });

  test('a hundred steps have each kind by its share', () => {
    const dealt = dealKinds(createRandom(1));
    equal(dealt.length, 100);
    for (const kind of kindNames) equal(dealt.filter((each) => each === kind).length, kinds[kind].share);
  });
});
