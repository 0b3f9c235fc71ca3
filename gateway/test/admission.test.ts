import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { Admission } from '../src/admission.ts';

const isOverloaded = (error: unknown) => error instanceof StrataError && error.code === 'overloaded';

test('writes are bounded in count and bytes, and their room comes back', () => {
  const admission = new Admission({ maxWrites: 2, maxWriteBytes: 100, maxReads: 1 });
  const end = admission.admitWrite(60);
  assert.throws(() => admission.admitWrite(41), isOverloaded);
  admission.admitWrite(40);
  assert.throws(() => admission.admitWrite(0), isOverloaded);
  end();
  end();
  admission.admitWrite(60);
  assert.deepEqual(admission.load, { writes: 2, writeBytes: 100, reads: 0 });
});

test('a write larger than the bound is taken when it is alone', () => {
  const admission = new Admission({ maxWrites: 2, maxWriteBytes: 100, maxReads: 1 });
  const end = admission.admitWrite(1000);
  assert.throws(() => admission.admitWrite(1), isOverloaded);
  end();
  admission.admitWrite(1);
});

test('reads are bounded in count', () => {
  const admission = new Admission({ maxWrites: 1, maxWriteBytes: 1, maxReads: 1 });
  admission.admitRead();
  assert.throws(() => admission.admitRead(), isOverloaded);
  admission.endRead();
  admission.admitRead();
});
