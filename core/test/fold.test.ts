import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DeleteOperation,
  type EntryState,
  type FoldInput,
  fold,
  type Operation,
  type OperationRecord,
  type Outcome,
  type PutOperation,
  parseKey,
  type QueuedOperation,
  type SettleMarker,
} from '../src/index.ts';
import { idOf } from './arbitraries.ts';

const nowMicros = 1_763_702_400_000_123;
const nowMs = 1_763_702_400_000;
const key = parseKey('k');
const deleted: EntryState = { version: 5, isDeleted: true, expiresAt: undefined };
const live: EntryState = { version: 5, isDeleted: false, expiresAt: undefined };
const expired: EntryState = { version: 5, isDeleted: false, expiresAt: nowMs };

let serial = 0;

function put(change: Partial<PutOperation> = {}): PutOperation {
  serial += 1;
  return {
    action: 'put',
    id: idOf(nowMs - 50, 3, serial),
    key,
    value: Buffer.from('v'),
    contentType: 'text/plain',
    meta: [['a', 'b']],
    ttlSeconds: undefined,
    condition: undefined,
    idempotency: undefined,
    replyTo: undefined,
    traceId: undefined,
    ...change,
  };
}

function remove(change: Partial<DeleteOperation> = {}): DeleteOperation {
  serial += 1;
  const id = idOf(nowMs - 50, 3, serial);
  const absent = { condition: undefined, idempotency: undefined, replyTo: undefined, traceId: undefined };
  return { action: 'delete', id, key, ...absent, ...change };
}

function run(operations: readonly QueuedOperation[], change: Partial<FoldInput> = {}) {
  const nothing = { entries: new Map(), records: new Map(), identities: new Map(), floors: new Map() };
  return fold({ operations, ...nothing, nowMicros, logHorizon: 0, ...change });
}

function outcomesOf(operations: readonly QueuedOperation[], change: Partial<FoldInput> = {}) {
  return run(operations, change).folded.map((one) => (one.kind === 'refused' ? undefined : one.record.outcome));
}

const applied = (version: number | undefined, isCreated: boolean, expiresAt?: number): Outcome => ({
  status: 'applied',
  version,
  isCreated,
  expiresAt,
});
const mismatch = (currentVersion: number | undefined): Outcome => ({
  status: 'rejected',
  code: 'version-mismatch',
  currentVersion,
});

const alone: readonly (readonly [what: string, state: EntryState | undefined, operation: Operation, Outcome])[] = [
  ['a put of an absent key creates it', undefined, put(), applied(nowMicros, true)],
  ['a put of a live key replaces it', live, put(), applied(nowMicros, false)],
  ['a put of a deleted key creates it', deleted, put(), applied(nowMicros, true)],
  ['a put of an expired key creates it', expired, put(), applied(nowMicros, true)],
  [
    'a put over a version ahead of the clock',
    { ...live, version: nowMicros + 9 },
    put(),
    applied(nowMicros + 10, false),
  ],
  [
    'a put over a tombstone ahead of the clock',
    { ...deleted, version: nowMicros },
    put(),
    applied(nowMicros + 1, true),
  ],
  ['a put with a TTL', undefined, put({ ttlSeconds: 60 }), applied(nowMicros, true, nowMs + 60_000)],
  ['a delete of a live key', live, remove(), applied(nowMicros, false)],
  ['a delete of an absent key changes nothing', undefined, remove(), applied(undefined, false)],
  ['a delete of a deleted key changes nothing', deleted, remove(), applied(undefined, false)],
  ['a delete of an expired key changes nothing', expired, remove(), applied(undefined, false)],
  ['If-Match with the version', live, put({ condition: { kind: 'version', version: 5 } }), applied(nowMicros, false)],
  ['If-Match with another version', live, put({ condition: { kind: 'version', version: 4 } }), mismatch(5)],
  ['If-Match on an expired entry', expired, put({ condition: { kind: 'version', version: 5 } }), mismatch(undefined)],
  ['If-Match on a tombstone', deleted, remove({ condition: { kind: 'version', version: 5 } }), mismatch(undefined)],
  ['If-Match: * on nothing', undefined, put({ condition: { kind: 'present' } }), mismatch(undefined)],
  ['If-None-Match: * on nothing', undefined, put({ condition: { kind: 'absent' } }), applied(nowMicros, true)],
  ['If-None-Match: * on an entry', live, put({ condition: { kind: 'absent' } }), mismatch(5)],
  [
    'a delete of an absent key with If-Match: *',
    undefined,
    remove({ condition: { kind: 'present' } }),
    mismatch(undefined),
  ],
];

for (const [what, state, operation, outcome] of alone) {
  test(what, () => {
    const entries = new Map(state === undefined ? [] : [[key, state] as const]);
    const { folded, writes } = run([operation], { entries });
    const { id, action } = operation;
    const record: OperationRecord = { id, action, key, outcome, settledAt: nowMs };
    assert.deepStrictEqual(folded, [{ kind: 'settled', operation, record }]);
    const isWritten = outcome.status === 'applied' && outcome.version !== undefined;
    assert.equal(writes.size, isWritten ? 1 : 0);
  });
}

test('what is written is the put as it came, or a tombstone', () => {
  const operation = put({ ttlSeconds: 1 });
  const { value, contentType, meta } = operation;
  const entry = { key, value, contentType, meta, version: nowMicros, modifiedAt: nowMs, expiresAt: nowMs + 1000 };
  assert.deepStrictEqual(run([operation]).writes.get(key), entry);
  const tombstone = { key, version: nowMicros + 1, deletedAt: nowMs };
  assert.deepStrictEqual(run([operation, remove()]).writes.get(key), tombstone);
});

test('operations of a batch see one another', () => {
  const operations = [
    put(),
    put({ condition: { kind: 'version', version: nowMicros } }),
    put({ condition: { kind: 'version', version: nowMicros } }),
    remove(),
    remove(),
    put({ condition: { kind: 'absent' } }),
  ];
  assert.deepStrictEqual(outcomesOf(operations), [
    applied(nowMicros, true),
    applied(nowMicros + 1, false),
    mismatch(nowMicros + 1),
    applied(nowMicros + 2, false),
    applied(undefined, false),
    applied(nowMicros + 3, true),
  ]);
});

test('the floor of its own partition is below every new version', () => {
  const floors = new Map([
    [3, nowMicros + 100],
    [4, nowMicros + 900],
  ]);
  const elsewhere = put({ key: parseKey('l'), id: idOf(nowMs, 4, 1) });
  assert.deepStrictEqual(outcomesOf([put(), elsewhere], { floors }), [
    applied(nowMicros + 101, true),
    applied(nowMicros + 901, true),
  ]);
});

test('a redelivery repeats the recorded outcome and changes nothing, also within a batch', () => {
  const operation = put();
  const { folded, writes } = run([operation, operation]);
  assert.deepStrictEqual(
    folded.map(({ kind }) => kind),
    ['settled', 'duplicate'],
  );
  assert.equal(writes.get(key)?.version, nowMicros);
  const record: OperationRecord = { id: operation.id, action: 'put', key, outcome: applied(1, true), settledAt: 1 };
  const again = run([operation], { records: new Map([[operation.id, record]]) });
  assert.deepStrictEqual(again.folded, [{ kind: 'duplicate', operation, record }]);
  assert.equal(again.writes.size, 0);
});

test('an operation older than the log without a row is refused, one with a row is a duplicate', () => {
  const operation = put();
  const logHorizon = nowMs - 49;
  const { folded, writes } = run([operation], { logHorizon });
  assert.deepStrictEqual(folded, [{ kind: 'refused', operation }]);
  assert.equal(writes.size, 0);
  assert.equal(run([operation], { logHorizon: logHorizon - 1 }).folded[0]?.kind, 'settled');
  const record: OperationRecord = { id: operation.id, action: 'put', key, outcome: applied(1, true), settledAt: 1 };
  assert.equal(
    run([operation], { logHorizon, records: new Map([[operation.id, record]]) }).folded[0]?.kind,
    'duplicate',
  );
});

test('a settle marker fails an id without an outcome, and refuses its operation when that comes later', () => {
  const late = put();
  const marker: SettleMarker = { action: 'settle', id: late.id, code: 'not-accepted', replyTo: undefined };
  const { folded, writes } = run([marker, late]);
  const outcome: Outcome = { status: 'failed', code: 'not-accepted' };
  const record: OperationRecord = { id: late.id, action: undefined, key: undefined, outcome, settledAt: nowMs };
  assert.deepStrictEqual(folded, [
    { kind: 'settled', operation: marker, record },
    { kind: 'duplicate', operation: late, record },
  ]);
  assert.equal(writes.size, 0);
  assert.deepStrictEqual(outcomesOf([late, marker]), [applied(nowMicros, true), applied(nowMicros, true)]);
});

test('a second attempt under an identity gets the first outcome as its own and changes nothing', () => {
  const idempotency = { identity: 'i', fingerprint: 'f' };
  const [first, second] = [put({ idempotency }), put({ idempotency })];
  const { folded, claims, writes } = run([first, second]);
  assert.deepStrictEqual([...claims], [[first.id, 'i']]);
  assert.deepStrictEqual(
    folded.map(({ kind }) => kind),
    ['settled', 'settled'],
  );
  assert.deepStrictEqual(outcomesOf([first, second]), [applied(nowMicros, true), applied(nowMicros, true)]);
  assert.equal(writes.get(key)?.version, nowMicros);
});

test('a rejected outcome is remembered under the identity too', () => {
  const idempotency = { identity: 'i', fingerprint: 'f' };
  const condition = { kind: 'present' } as const;
  const operations = [put({ idempotency, condition }), put(), put({ idempotency, condition })];
  const { claims } = run(operations);
  assert.deepStrictEqual([...claims.values()], ['i']);
  assert.deepStrictEqual(outcomesOf(operations), [mismatch(undefined), applied(nowMicros, true), mismatch(undefined)]);
});

test('another request under an identity is a conflict, in the batch and later, and claims nothing', () => {
  const conflict: Outcome = { status: 'rejected', code: 'idempotency-conflict', currentVersion: undefined };
  const other = put({ idempotency: { identity: 'i', fingerprint: 'g' } });
  const operations = [put({ idempotency: { identity: 'i', fingerprint: 'f' } }), other];
  assert.deepStrictEqual(outcomesOf(operations), [applied(nowMicros, true), conflict]);
  const identities = new Map([['i', { fingerprint: 'f', outcome: applied(1, true) }]]);
  assert.deepStrictEqual(outcomesOf([other], { identities }), [conflict]);
  assert.equal(run([other], { identities }).claims.size, 0);
  assert.equal(run([other], { identities }).writes.size, 0);
});

test('a settled attempt leaves its identity free', () => {
  const lost = put({ idempotency: { identity: 'i', fingerprint: 'f' } });
  const again = put({ idempotency: { identity: 'i', fingerprint: 'g' } });
  const marker: SettleMarker = { action: 'settle', id: lost.id, code: 'not-accepted', replyTo: undefined };
  const { claims } = run([marker, lost, again]);
  assert.deepStrictEqual([...claims], [[again.id, 'i']]);
  assert.deepStrictEqual(outcomesOf([marker, lost, again])[2], applied(nowMicros, true));
});
