import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HistoryBuilder } from '../testing/history-builder.ts';
import { accepts, judge } from '../testing/judging.ts';
import { anySteps, type Simulated, simulate } from '../testing/simulated-register.ts';
import { checkLinearizability } from './linearizability.ts';

/** Calls that end in a violation, after everything that was simulated; gives the number of the one that is wrong. */
type Corruption = (run: HistoryBuilder, simulated: Simulated) => number;

/** Puts an entry that everybody knows of. @returns its version */
function putKnown(run: HistoryBuilder, { endsAt, version, held }: Simulated, turn = 1): number {
  const next = version + turn;
  const at = endsAt + turn * 10;
  run.put('k', next, [at, at + 1], { created: held === undefined && turn === 1 });
  return next;
}

const corruptions: Readonly<Record<string, Corruption>> = {
  'a stale read': (run, simulated) => {
    const old = putKnown(run, simulated, 1);
    putKnown(run, simulated, 2);
    return run.get('k', old, [simulated.endsAt + 40, simulated.endsAt + 41]);
  },
  'a lost write': (run, simulated) => {
    putKnown(run, simulated, 1);
    const last = putKnown(run, simulated, 2);
    const database = { version: last - 1, value: `k=${last - 1}` };
    run.readFinally('k', { database, cache: database });
    return run.calls.length;
  },
  'a value that comes back': (run, simulated) => {
    const old = putKnown(run, simulated);
    run.delete('k', old + 1, [simulated.endsAt + 20, simulated.endsAt + 21]);
    return run.get('k', old, [simulated.endsAt + 40, simulated.endsAt + 41]);
  },
  'two creates': (run, simulated) => {
    const old = putKnown(run, simulated);
    const create = { condition: { kind: 'absent' }, created: true } as const;
    const span = [simulated.endsAt + 40, simulated.endsAt + 50] as const;
    run.delete('k', old + 1, [simulated.endsAt + 20, simulated.endsAt + 21]);
    run.put('k', old + 2, span, create);
    return run.put('k', old + 3, span, create).number;
  },
  'versions against real time': (run, simulated) => {
    const old = putKnown(run, simulated);
    run.put('k', old + 2, [simulated.endsAt + 20, simulated.endsAt + 21]);
    run.put('k', old + 1, [simulated.endsAt + 30, simulated.endsAt + 31]);
    return run.calls.length - 1;
  },
  'a read of what comes later': (run, simulated) => {
    run.get('k', simulated.version + 1, [simulated.endsAt + 1, simulated.endsAt + 2]);
    putKnown(run, simulated);
    return run.calls.length - 1;
  },
  'a condition that did not hold': (run, simulated) => {
    const old = putKnown(run, simulated);
    run.put('k', old + 1, [simulated.endsAt + 20, simulated.endsAt + 21]);
    const condition = { kind: 'version', version: old } as const;
    return run.put('k', old + 2, [simulated.endsAt + 30, simulated.endsAt + 31], { condition }).number;
  },
};

test('what a linearizable register answered is accepted, with all of the log and with some of it', () => {
  let possible = 0;
  let rejected = 0;
  fc.assert(
    fc.property(anySteps, fc.boolean(), (steps, isLogWhole) => {
      const { run } = simulate(steps, isLogWhole);
      possible += accepts(checkLinearizability, run).counts.possibleWrites ?? 0;
      rejected += run.rows.filter(({ status }) => status === 'rejected').length;
    }),
    { numRuns: 1000 },
  );
  // The property says nothing about what never came up.
  ok(possible > 500, `${possible} possible writes`);
  ok(rejected > 500, `${rejected} rejected writes`);
});

for (const [name, corrupt] of Object.entries(corruptions)) {
  test(`${name} is refused after whatever went before`, () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const simulated = simulate(steps, true);
        const number = corrupt(simulated.run, simulated);
        const { violations } = judge(checkLinearizability, simulated.run);
        equal(violations.length, 1);
        ok(violations[0]?.calls.includes(number), `${violations[0]?.sentence} ${violations[0]?.calls}, not ${number}`);
      }),
      { numRuns: 200 },
    );
  });
}
