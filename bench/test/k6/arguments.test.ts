import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scenarioNames, scenarios } from '../../k6/scenarios.ts';
import { commandOf, type K6Command, readArguments, usage } from '../../src/k6/arguments.ts';
import { UsageError } from '../../src/usage-error.ts';

function read(...words: readonly string[]): K6Command {
  const command = readArguments(words);
  if (command === 'help') throw new Error('asks for help');
  return command;
}

describe('arguments of npm run k6', () => {
  test('a scenario alone has its defaults, a store of its own, and writes its report', () => {
    for (const scenario of scenarioNames) {
      const { defaults } = scenarios[scenario];
      deepEqual(read(scenario), { scenario, parameters: defaults, url: undefined, writes: true, html: undefined });
    }
  });

  test('every parameter can be given', () => {
    const words = '--rate 7 --duration 2m --keys 9 --value-bytes 4096 --connections 3 --html out.html'.split(' ');
    const { parameters, html } = read('load', ...words);
    deepEqual(parameters, { rate: 7, seconds: 120, keys: 9, valueBytes: 4096, connections: 3 });
    equal(html, 'out.html');
  });

  test('what is not the usual run on a store of its own writes only when it is told to', () => {
    equal(read('load', '--rate', '7').writes, false);
    equal(read('load', '--url', 'http://127.0.0.1:8080').writes, false);
    equal(read('load', '--rate', '7', '--write').writes, true);
  });

  test('the address may end with a slash', () => {
    equal(read('load', '--url', 'https://store.example/').url, 'https://store.example');
  });

  test('help', () => {
    equal(readArguments(['--help']), 'help');
    for (const name of scenarioNames) match(usage, new RegExp(`^ {2}${name} `, 'm'));
  });

  for (const [words, message] of [
    ['', /Which scenario/],
    ['laod', /no scenario laod/],
    ['load smoke', /One scenario at a time/],
    ['load --rat 3', /--rat/],
    ['load --rate 0', /--rate: "0" is not a whole number from 1/],
    ['load --rate 1.5', /--rate/],
    ['load --value-bytes 3', /--value-bytes/],
    ['load --duration soon', /--duration: "soon" is not a time/],
    ['spike --duration 3s', /from 10s/],
    ['load --url localhost:8080', /not an HTTP address/],
    ['load --url http://127.0.0.1:8080/kv', /has no path/],
  ] as const) {
    test(`refused: ${words || 'nothing'}`, () => {
      const args = words.split(' ').filter((word) => word !== '');
      throws(
        () => readArguments(args),
        (error) => error instanceof UsageError && message.test(error.message),
      );
    });
  }

  test('the command in the report has what was not the usual, and no address', () => {
    equal(commandOf(read('load')), 'npm run k6 -- load');
    const given = read('load', '--url', 'http://store.example', '--duration', '1m', '--rate', '7');
    equal(commandOf(given), 'npm run k6 -- load --url URL --rate 7');
  });
});
