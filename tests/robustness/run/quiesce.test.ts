import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { parseKey, partitionOf } from '@stratakv/core';
import { barrierKeys } from './quiesce.ts';

test('there is one barrier for each partition', () => {
  const keys = barrierKeys('barrier/');
  equal(new Set(keys.map((key) => partitionOf(parseKey(key), 16))).size, 16);
  equal(keys.length, 16);
  ok(keys.every((key) => key.startsWith('barrier/')));
});
