import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { eventually } from '@stratakv/core/testing';
import { startRedis } from '@stratakv/native/testing';
import { connectRedlock } from '../src/index.ts';

test('a wrong password is told, but not which one', async () => {
  const redis = await startRedis({ maxMemoryPolicy: 'noeviction' });
  const wrong = new URL(redis.url);
  wrong.password = 'not-the-password';
  const told: unknown[] = [];
  const lock = await connectRedlock({ urls: [wrong.href], onNodeError: (_node, error) => void told.push(error) });
  try {
    await eventually('it is told', () => told.some((error) => /WRONGPASS/.test(String(error))));
    const thrown = await lock.acquire(1).catch((error: unknown) => error);
    assert.doesNotMatch(inspect([told, thrown], { depth: 10, showHidden: true }), /not-the-password/);
  } finally {
    await lock.close();
    await redis.close();
  }
});
