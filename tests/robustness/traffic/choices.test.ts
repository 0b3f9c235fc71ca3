import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../faults/random.ts';
import { chooseCondition, chooseLevel, chooseList, chooseValue, Impatience, patient } from './choices.ts';
import { keysOf, pickKey } from './keys.ts';

const keys = keysOf('run/');

function choices(seed: number) {
  const random = new Random(seed);
  const impatience = new Impatience(random);
  return Array.from({ length: 400 }, (_, number) => ({
    key: pickKey(keys, random),
    level: chooseLevel(random),
    condition: chooseCondition(random, number % 2 === 0 ? number : undefined),
    list: chooseList(keys, random),
    value: chooseValue(random, `v${number}`),
    patience: impatience.choose(),
  }));
}

test('a seed decides everything, and another seed otherwise', () => {
  deepEqual(choices(7), choices(7));
  notDeepEqual(choices(7), choices(8));
});

test('every read level, condition and kind of impatience comes up, and large values do', () => {
  const made = choices(1);
  const levels = new Set(made.map(({ level }) => level.kind));
  deepEqual([...levels].toSorted(), ['cached', 'max-age', 'no-cache', 'only-if-cached', 'stale-if-error']);
  deepEqual([...new Set(made.map(({ condition }) => condition.kind))].toSorted(), ['absent', 'present', 'version']);
  ok(made.some(({ patience }) => patience.timeoutMs < patient.timeoutMs));
  ok(made.some(({ patience }) => patience.hangUpAfterMs !== undefined));
  ok(made.filter(({ patience }) => patience === patient).length > 350);
  ok(made.some(({ value }) => value.length === 20_000));
  equal(new Set(made.map(({ value }) => value)).size, made.length);
});

test('about half of the keys picked are hot, and what expires is by itself', () => {
  const hot = choices(2).filter(({ key }) => keys.hot.includes(key)).length;
  ok(hot > 150 && hot < 250, `${hot} of 400`);
  const all = [...keys.hot, ...keys.cold, ...keys.expiring];
  equal(new Set(all).size, all.length);
  ok(all.every((key) => key.startsWith('run/')));
});
