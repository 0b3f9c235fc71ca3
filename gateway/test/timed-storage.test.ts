import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { withTimeout } from '../src/timed-storage.ts';

const query = { prefix: '', delimiter: undefined, after: undefined, limit: 1, maxBytes: 1000 };
const page = { entries: [], prefixes: [], next: undefined };

test('what answers in time is passed on, also a failure', async () => {
  const down = new StrataError('unavailable', 'down');
  const storage = withTimeout(
    { scan: async () => page, operations: () => Promise.reject(down), fingerprint: async () => 'f' },
    1000,
  );
  assert.equal(await storage.scan(query), page);
  assert.equal(await storage.fingerprint('i'), 'f');
  await assert.rejects(storage.operations([]), down);
});

test('what hangs is unavailable when the time is up', async () => {
  const never = new Promise<never>(() => {});
  const storage = withTimeout({ scan: () => never, operations: () => never, fingerprint: () => never }, 20);
  const isUnavailable = (error: unknown) => error instanceof StrataError && error.code === 'unavailable';
  await assert.rejects(storage.scan(query), isUnavailable);
  await assert.rejects(storage.operations([]), isUnavailable);
  await assert.rejects(storage.fingerprint('i'), isUnavailable);
});
