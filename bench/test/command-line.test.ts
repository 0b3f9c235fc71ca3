import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { type Choice, readCommand, usageText } from '../src/command-line.ts';

const known: readonly Choice[] = [
  { name: 'reads', title: 'Reads' },
  { name: 'writes', title: 'Writes' },
  { name: 'growth', title: 'Growth', isLong: true },
];
const read = (...words: string[]) => readCommand(words, known);

function layers(...words: string[]) {
  const command = read(...words);
  return command?.kind === 'layers'
    ? { plan: command.plan.name, names: command.names, isKept: command.isKept }
    : command;
}

test('without words every row of the table is measured, in the short way', () => {
  deepEqual(layers(), { plan: 'short', names: ['reads', 'writes'], isKept: true });
});

test('a full run measures everything', () => {
  deepEqual(layers('full'), { plan: 'full', names: ['reads', 'writes', 'growth'], isKept: true });
});

test('scenarios that are named run in their own order', () => {
  deepEqual(layers('growth', 'reads'), { plan: 'short', names: ['reads', 'growth'], isKept: true });
  deepEqual(layers('writes', 'full'), { plan: 'full', names: ['writes'], isKept: true });
});

test('a first look is not kept, nor is what is only to be printed', () => {
  deepEqual(layers('--quick'), { plan: 'quick', names: ['reads', 'writes'], isKept: false });
  deepEqual(layers('reads', '--print'), { plan: 'short', names: ['reads'], isKept: false });
});

test('growth takes another number of entries', () => {
  const command = read('growth', '--entries=10000000');
  equal(command?.kind === 'layers' && command.plan.growthEntries, 10_000_000);
  deepEqual(command?.kind === 'layers' && command.plan.sizes, [10_000, 100_000, 10_000_000]);
});

test('the embedded store and the report are asked for by name', () => {
  deepEqual(read('embedded'), { kind: 'embedded', isQuick: false });
  deepEqual(read('embedded', '--quick'), { kind: 'embedded', isQuick: true });
  deepEqual(read('report'), { kind: 'report' });
  deepEqual(read('--help'), { kind: 'help' });
  deepEqual(read('reads', '--help'), { kind: 'help' });
});

const meaningless = [
  ['raeds'],
  ['reads', 'embedded'],
  ['embedded', 'reads'],
  ['embedded', '--print'],
  ['report', '--quick'],
  ['full', '--quick'],
  ['--entries=many'],
  ['--entries=10'],
  ['--entries=1000.5'],
  ['--fast'],
  ['reads', '--entries'],
];
for (const words of meaningless) test(`"${words.join(' ')}" means nothing`, () => equal(read(...words), undefined));

test('the usage names every scenario, and which ones a short run leaves out', () => {
  const text = usageText(known);
  match(text, /^ {2}reads {3}Reads$/m);
  match(text, /^ {2}growth {2}Growth \(when named, and in full runs\)$/m);
});
