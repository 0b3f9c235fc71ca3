import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLogger, logKey } from '../src/index.ts';

test('lines have service, level name and ISO time; credentials and values are redacted', () => {
  const lines: string[] = [];
  const logger = createLogger({ service: 'gateway', destination: { write: (line) => void lines.push(line) } });
  logger.info(
    { req: { headers: { authorization: 'a1', cookie: 'a2', 'idempotency-key': 'a3' } }, value: 'a4' },
    'hello',
  );
  logger.child({ part: { secret: 'a5' } }).warn({ entry: { value: 'a6' }, password: 'a7', 'idempotency-key': 'a8' });
  logger.debug('not at this level');
  assert.equal(lines.length, 2);
  assert.doesNotMatch(lines.join(''), /a[1-8]"/);
  const first = JSON.parse(lines[0] ?? '');
  assert.equal(first.service, 'gateway');
  assert.equal(first.level, 'info');
  assert.match(first.time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.equal(first.req.headers.cookie, '[redacted]');
});

test('logKey escapes what does not print and shortens', () => {
  assert.equal(logKey('cities/lisboa é'), 'cities/lisboa é');
  assert.equal(logKey('a\nb\u001b[0m'), 'a\\u{a}b\\u{1b}[0m');
  assert.equal(logKey('\u202etxt\u2028\u00a0'), '\\u{202e}txt\\u{2028}\\u{a0}');
  assert.equal(logKey('a\\u{a}'), 'a\\\\u{a}');
  assert.equal(logKey('x'.repeat(64)).length, 64);
  assert.equal(logKey('x'.repeat(65)), `${'x'.repeat(63)}…`);
  assert.ok(logKey('\n'.repeat(500)).length <= 64);
});
