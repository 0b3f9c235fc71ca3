import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, serverEventLog } from '../src/index.ts';

test('what repeats is logged once in a while, errors whole, secrets never', () => {
  const lines: { level: string; msg: string; err?: { message: string } }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const onEvent = serverEventLog(createLogger({ service: 'test', destination }), 'broker');
  const failed = { kind: 'connect-failed', address: 'one:1', cause: new Error('refused') };
  for (let count = 0; count < 5; count += 1) onEvent(failed);
  onEvent({ kind: 'connected' });
  assert.deepEqual(
    lines.map(({ level, msg }) => [level, msg]),
    [
      ['warn', 'broker: connect-failed'],
      ['info', 'broker: connected'],
    ],
  );
  assert.equal(lines[0]?.err?.message, 'refused');
});
