import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Doorkeeper } from '../src/doorkeeper.ts';

test('a key is known from its second time on, and forgotten when many others have come', () => {
  const doorkeeper = new Doorkeeper();
  assert.equal(doorkeeper.knows('a'), false);
  assert.equal(doorkeeper.knows('a'), true);
  for (let index = 0; index < 300_000; index += 1) doorkeeper.knows(`other/${index}`);
  assert.equal(doorkeeper.knows('a'), false);
});

test('hardly any key is taken for another', () => {
  const doorkeeper = new Doorkeeper();
  let mistaken = 0;
  for (let index = 0; index < 100_000; index += 1) if (doorkeeper.knows(`users/${index}/profile`)) mistaken += 1;
  assert.ok(mistaken < 10_000, `${mistaken} of 100,000`);
});
