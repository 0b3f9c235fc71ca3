import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, putOf } from '@stratakv/core/testing';
import { createLogger } from '@stratakv/service-kit';
import { WriteLog } from '../src/write-log.ts';

function logged(isVerbose: boolean) {
  const lines: { msg: string; level: string; writes: { id: string; partition: number; traceId?: string }[] }[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line)) };
  const log = new WriteLog(createLogger({ service: 'test', destination }), isVerbose);
  return { lines, log };
}

const [a, b, c] = [putOf('a', '1'), putOf('b', '2'), putOf('c', '3')];
const queued = (partition: number, operations: readonly (typeof a)[]) => ({
  partition,
  operations,
  seconds: 0.001,
  error: undefined,
});

test('what several messages queued is in one line, each write with its id and partition', async () => {
  const { lines, log } = logged(true);
  log.note(queued(1, [a, b]));
  log.note(queued(2, [c]));
  assert.equal(lines.length, 0);
  await eventually('it is logged', () => lines.length > 0);
  assert.deepEqual(
    lines.map(({ msg, writes }) => [msg, writes.map(({ id, partition }) => [id, partition])]),
    [
      [
        'queued',
        [
          [a.id, 1],
          [b.id, 1],
          [c.id, 2],
        ],
      ],
    ],
  );
});

test('a line does not grow without bounds', () => {
  const { lines, log } = logged(true);
  for (let count = 0; count < 99; count += 1) log.note(queued(1, [a]));
  assert.equal(lines.length, 0);
  log.note(queued(1, [a]));
  assert.equal(lines.length, 1);
});

test('what was not queued is logged at once, also when what is queued is not', () => {
  const { lines, log } = logged(false);
  log.note(queued(1, [a]));
  log.flush();
  log.note({ ...queued(1, [b]), error: new Error('full') });
  assert.deepEqual(
    lines.map(({ level, writes }) => [level, writes.map(({ id }) => id)]),
    [['warn', [b.id]]],
  );
});
