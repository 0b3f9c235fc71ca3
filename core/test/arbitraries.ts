import fc from 'fast-check';
import {
  type CachedEntry,
  type Condition,
  type DeleteOperation,
  type Entry,
  type EntrySummary,
  type Idempotency,
  type Key,
  type LeveledAnswer,
  type LeveledRead,
  type Meta,
  maxTtlSeconds,
  type OperationId,
  type OperationRecord,
  type Outcome,
  type ProblemCode,
  type PutOperation,
  parseKey,
  problemKinds,
  type QueuedOperation,
  type ScanPage,
  type ScanPosition,
  type ScanQuery,
  type SettleMarker,
} from '../src/index.ts';

/** Builds an id out of its parts, without a valid HMAC. `serial` makes it one of its own. */
export function idOf(createdAt: number, partition: number, serial: number): OperationId {
  const bytes = Buffer.alloc(24);
  bytes.writeUIntBE(createdAt, 0, 6);
  bytes.writeUInt16BE(partition, 6);
  bytes.writeUInt32BE(serial, 8);
  return bytes.toString('base64url') as OperationId;
}

/** Whether `parseKey` takes the text. */
export function isKey(text: string): text is Key {
  try {
    parseKey(text);
    return true;
  } catch {
    return false;
  }
}

const option = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

export const anyText = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom(
    '',
    'Größe',
    '\ufeffbom',
    'replaced \ufffd',
    'x'.repeat(200),
    'é'.repeat(100),
    '\u{1f30a}'.repeat(50),
  ),
);

export const anyKey: fc.Arbitrary<Key> = fc
  .oneof(
    fc.string({ minLength: 1, maxLength: 30 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
    fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }), { minLength: 1 }).map((all) => all.join('/')),
    fc.constantFrom('__proto__', 'a%2Fb', '...', '.a/..b', ' ', 'a+b', '\ufeff', '\ufffd', '\u{1f30a}'),
  )
  .filter(isKey);

export const anyId: fc.Arbitrary<OperationId> = fc
  .uint8Array({ minLength: 24, maxLength: 24 })
  .map((bytes) => Buffer.from(bytes).toString('base64url') as OperationId);

export const anyVersion = fc.oneof(
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  fc.constantFrom(1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);

export const anyTime = fc.integer({ min: 1, max: 4_102_444_800_000 });
const anyDuration = fc.double({ noNaN: true, noDefaultInfinity: true });

export const anyValue = fc.uint8Array({ maxLength: 40 });

export const anyMeta: fc.Arbitrary<Meta> = fc.array(fc.tuple(anyText, anyText), { maxLength: 3 });

export const anyCode = fc.constantFrom(...(Object.keys(problemKinds) as ProblemCode[]));

export const anyCondition: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('version' as const), version: anyVersion }, { noNullPrototype: true }),
  fc.constantFrom<Condition>({ kind: 'present' }, { kind: 'absent' }),
);

export const anyTtl = fc.integer({ min: 1, max: maxTtlSeconds });

const record = <T>(model: { [Member in keyof T]: fc.Arbitrary<T[Member]> }) =>
  fc.record<T>(model, { noNullPrototype: true });

const anyIdempotency: fc.Arbitrary<Idempotency> = record<Idempotency>({ identity: anyText, fingerprint: anyText });

const write = {
  id: anyId,
  key: anyKey,
  condition: option(anyCondition),
  idempotency: option(anyIdempotency),
  replyTo: option(anyText),
  traceId: option(anyText),
};

export const anyPut: fc.Arbitrary<PutOperation> = record<PutOperation>({
  action: fc.constant('put'),
  ...write,
  value: anyValue,
  contentType: anyText,
  meta: anyMeta,
  ttlSeconds: option(anyTtl),
});

export const anyDelete: fc.Arbitrary<DeleteOperation> = record<DeleteOperation>({
  action: fc.constant('delete'),
  ...write,
});

export const anySettle: fc.Arbitrary<SettleMarker> = record<SettleMarker>({
  action: fc.constant('settle'),
  id: anyId,
  code: anyCode,
  replyTo: option(anyText),
});

export const anyOperation: fc.Arbitrary<QueuedOperation> = fc.oneof(anyPut, anyDelete, anySettle);

export const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  record<Outcome & { status: 'applied' }>({
    status: fc.constant('applied'),
    version: option(anyVersion),
    isCreated: fc.boolean(),
    expiresAt: option(anyTime),
  }),
  record<Outcome & { status: 'rejected' }>({
    status: fc.constant('rejected'),
    code: anyCode,
    currentVersion: option(anyVersion),
  }),
  record<Outcome & { status: 'failed' }>({ status: fc.constant('failed'), code: anyCode }),
);

export const anyRecord: fc.Arbitrary<OperationRecord> = record<OperationRecord>({
  id: anyId,
  action: fc.constantFrom('put', 'delete', undefined),
  key: option(anyKey),
  outcome: anyOutcome,
  settledAt: anyTime,
});

export const anyEntry: fc.Arbitrary<Entry> = record<Entry>({
  key: anyKey,
  value: anyValue,
  contentType: anyText,
  meta: anyMeta,
  version: anyVersion,
  modifiedAt: anyTime,
  expiresAt: option(anyTime),
});

export const anyCachedEntry: fc.Arbitrary<CachedEntry> = record<CachedEntry>({
  entry: option(anyEntry),
  asOf: anyTime,
});

const anySeconds = fc.integer({ min: 0, max: 2 ** 31 });

const anyLevel = record<LeveledRead['level']>({
  noCache: fc.boolean(),
  maxAgeSeconds: option(anySeconds),
  onlyIfCached: fc.boolean(),
  staleIfErrorSeconds: option(anySeconds),
});

export const anyRead: fc.Arbitrary<LeveledRead> = fc.record(
  { key: anyKey, level: anyLevel, traceId: anyText },
  { requiredKeys: ['key', 'level'], noNullPrototype: true },
);

export const anyAnswer: fc.Arbitrary<LeveledAnswer> = fc.oneof(
  record<LeveledAnswer & { kind: 'problem' }>({ kind: fc.constant('problem'), code: anyCode }),
  record<LeveledAnswer & { kind: 'found' }>({
    kind: fc.constant('found'),
    entry: option(anyEntry),
    ageMs: anyDuration,
    cacheStatus: record<(LeveledAnswer & { kind: 'found' })['cacheStatus']>({
      forwarded: fc.constantFrom(undefined, 'miss', 'stale', 'request', 'bypass'),
      ttlMs: option(anyDuration),
      isStored: fc.boolean(),
      isCollapsed: fc.boolean(),
    }),
  }),
);

export const anyRemainingMs = anyDuration;

const anyPosition: fc.Arbitrary<ScanPosition> = record<ScanPosition>({ text: anyText, isPrefix: fc.boolean() });

export const anyScanQuery: fc.Arbitrary<ScanQuery> = record<ScanQuery>({
  prefix: anyText,
  delimiter: option(anyText),
  after: option(anyPosition),
  limit: fc.integer({ min: 1, max: 1000 }),
  maxBytes: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
});

const anySummary: fc.Arbitrary<EntrySummary> = record<EntrySummary>({
  key: anyKey,
  version: anyVersion,
  size: fc.nat(),
  contentType: anyText,
  modifiedAt: anyTime,
  expiresAt: option(anyTime),
});

export const anyScanPage: fc.Arbitrary<ScanPage> = record<ScanPage>({
  entries: fc.array(anySummary, { maxLength: 3 }),
  prefixes: fc.array(anyText, { maxLength: 3 }),
  next: option(anyPosition),
});
