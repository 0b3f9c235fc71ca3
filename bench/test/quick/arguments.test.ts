import { deepEqual, equal, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readArguments } from '../../src/quick/arguments.ts';
import { UsageError } from '../../src/usage-error.ts';

describe('arguments of npm run load', () => {
  test('without any: all loads, 10 s each, on a store of its own', () => {
    deepEqual(readArguments([]), { words: ['get', 'put', 'wait', 'mixed'], url: undefined, seconds: 10 });
  });

  test('loads that are named', () => {
    const args = ['get', 'mixed', '--url', 'http://127.0.0.1:8080', '--duration', '3s'];
    deepEqual(readArguments(args), { words: ['get', 'mixed'], url: 'http://127.0.0.1:8080', seconds: 3 });
  });

  test('help', () => equal(readArguments(['--help']), 'help'));

  for (const words of ['gets', '--duration 0', '--seconds 3', '--url 127.0.0.1:8080'])
    test(`refused: ${words}`, () => throws(() => readArguments(words.split(' ')), UsageError));
});
