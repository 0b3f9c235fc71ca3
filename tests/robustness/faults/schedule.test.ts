import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { NativeFault } from './native/native-fault.ts';
import { nativeFaults, shortNativeFaults } from './native-faults.ts';
import { faultSchedule } from './schedule.ts';

function names(seed: number, count: number): readonly string[] {
  return first(faultSchedule(nativeFaults, seed), count).map(({ name }) => name);
}

function first(schedule: Generator<NativeFault>, count: number): readonly NativeFault[] {
  return Array.from({ length: count }, () => schedule.next().value);
}

test('no two faults have the same name', () => {
  const all = nativeFaults.map(({ name }) => name);
  equal(new Set(all).size, all.length);
});

test('a seed decides on the order, and each fault comes once before any comes again', () => {
  const round = nativeFaults.length + Math.floor(nativeFaults.length / 3);
  deepEqual(names(1, 2 * round), names(1, 2 * round));
  notDeepEqual(names(1, round), names(2, round));
  const once = names(1, round).filter((name) => !name.includes(' + '));
  deepEqual([...once].sort(), nativeFaults.map(({ name }) => name).sort());
});

test('two that come together get at different parts, and each is one that may', () => {
  const byName = new Map(nativeFaults.map((fault) => [fault.name, fault]));
  const pairs = names(3, 800).filter((name) => name.includes(' + '));
  ok(pairs.length > 150);
  for (const pair of pairs) {
    const [one, other] = pair.split(' + ').map((name) => byName.get(name));
    ok(one !== undefined && other !== undefined && one.part !== other.part, pair);
    ok(!one.isAlone && !other.isAlone, pair);
  }
});

test('together they excuse what either excuses', () => {
  const flags = (name: string) => {
    const found = first(faultSchedule(nativeFaults, 4), 5000).find(
      (fault) => fault.name.includes(' + ') && fault.name.includes(name),
    );
    return found && [found.mayStaleCache, found.mayFailDatabase];
  };
  equal(flags('kill redis-1')?.[0], true);
  equal(flags('kill postgres')?.[1], true);
});

test('a short run has faults of every part', () => {
  const parts = (faults: typeof nativeFaults) => new Set(faults.map(({ part }) => part));
  deepEqual(parts(shortNativeFaults), parts(nativeFaults));
  ok(shortNativeFaults.every((fault) => nativeFaults.includes(fault)));
});
