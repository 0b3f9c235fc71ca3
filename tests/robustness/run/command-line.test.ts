import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { readCommand, UsageError } from './command-line.ts';
import { repeatOf } from './print-report.ts';

test('the line that repeats a run means the same run', () => {
  for (const args of [
    ['--seed=2147483647', '--seconds=5'],
    ['--seed=0', '--clients=8', '--rate=50', '--no-faults', '--target=native'],
  ]) {
    const command = readCommand(args);
    equal(command.kind, 'run');
    if (command.kind === 'run') deepEqual(readCommand(repeatOf(command.settings).split(' ')), command);
  }
});

test('commands are told apart', () => {
  equal(readCommand(['--help']).kind, 'help');
  deepEqual(readCommand(['judge', 'folder']), { kind: 'judge', folder: 'folder' });
  deepEqual(readCommand(['mutations', 'a', 'b', '--seed=3']), {
    kind: 'mutations',
    mode: 'embedded',
    names: ['a', 'b'],
    seed: 3,
  });
});

test('what cannot be read is refused', () => {
  for (const args of [
    ['judge'],
    ['judg', 'folder'],
    ['--seed=x'],
    ['--seconds=0'],
    ['--target=docker'],
    ['--sede=1'],
  ]) {
    throws(() => readCommand(args), UsageError, args.join(' '));
  }
});
