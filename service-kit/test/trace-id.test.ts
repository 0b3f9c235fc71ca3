import assert from 'node:assert/strict';
import { test } from 'node:test';
import { traceIdOf } from '../src/index.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = '00f067aa0ba902b7';
const of = (traceparent: string | undefined) =>
  traceIdOf({ headers: traceparent === undefined ? {} : { traceparent } });

test('the trace id is that of a valid traceparent', () => {
  assert.equal(of(`00-${traceId}-${parent}-01`), traceId);
  assert.equal(of(`01-${traceId}-${parent}-01-more`), traceId);
});

test('without a valid traceparent there is none', () => {
  const wrong = [
    undefined,
    '',
    traceId,
    `ff-${traceId}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${parent}-01`,
    `00-${traceId}-${parent}-01x`,
    `00-${traceId}-${parent}`,
  ];
  for (const traceparent of wrong) assert.equal(of(traceparent), undefined, traceparent);
});
