import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Condition, type EntryState, holds, isLive } from '../src/index.ts';

const nowMs = 1000;
const live: EntryState = { version: 7, isDeleted: false, expiresAt: undefined };
const states = {
  nothing: undefined,
  live,
  'about to expire': { ...live, expiresAt: nowMs + 1 },
  'expiring now': { ...live, expiresAt: nowMs },
  expired: { ...live, expiresAt: nowMs - 1 },
  deleted: { ...live, isDeleted: true },
} satisfies Record<string, EntryState | undefined>;

const none = undefined;
const present: Condition = { kind: 'present' };
const absent: Condition = { kind: 'absent' };
const same: Condition = { kind: 'version', version: 7 };
const other: Condition = { kind: 'version', version: 8 };

const table: readonly (readonly [keyof typeof states, isLive: boolean, ...holds: boolean[]])[] = [
  // state, live, and whether these hold: none, present, absent, same version, other version
  ['nothing', false, true, false, true, false, false],
  ['live', true, true, true, false, true, false],
  ['about to expire', true, true, true, false, true, false],
  ['expiring now', false, true, false, true, false, false],
  ['expired', false, true, false, true, false, false],
  ['deleted', false, true, false, true, false, false],
];

for (const [name, liveness, ...expected] of table) {
  test(`conditions on an entry that is: ${name}`, () => {
    assert.equal(isLive(states[name], nowMs), liveness);
    const results = [none, present, absent, same, other].map((condition) => holds(condition, states[name], nowMs));
    assert.deepEqual(results, expected);
  });
}
