import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBrokerAddresses } from '../src/broker-address.ts';

test('the nodes of a cluster are a list of URLs; people see hosts and ports', () => {
  const addresses = parseBrokerAddresses('amqp://user:p%2Cw@one:5673/store, amqps://two,amqp://[::1]');
  assert.deepEqual(
    addresses.map(({ label }) => label),
    ['one:5673', 'two:5671', '[::1]:5672'],
  );
  assert.equal(addresses[0]?.url, 'amqp://user:p%2Cw@one:5673/store');
});

test('what is no AMQP URL is refused by its place in the list, without what it holds', () => {
  for (const list of [
    '',
    'amqp://one,',
    'amqp://one,http://user:secret@two',
    'amqp://one,secret',
    'amqp://one,amqp:',
  ]) {
    assert.throws(
      () => parseBrokerAddresses(list),
      (error) =>
        error instanceof RangeError && !error.message.includes('secret') && /address [12] /.test(error.message),
    );
  }
});
