import type { Condition } from '../condition.ts';
import type { Meta } from '../entry.ts';
import { problemCode } from '../errors.ts';
import type { Operation, QueuedOperation, SettleMarker } from '../operation.ts';
import type { OperationId } from '../operation-id.ts';
import { maxTtlSeconds } from '../ttl.ts';
import { ByteReader, type ValueMode } from './byte-reader.ts';
import { type ByteWriter, idBytes, sharedWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { readMeta, writeMeta } from './entry-codec.ts';

/*
 * The message of a partition's queue: header, number of operations, all ids, then the rest of each operation. The ids
 * come first so that they can still be read when the rest is damaged.
 */

const header = 0x4f01;
const prefixBytes = 6;
/** Kind, flags and the length of a code: the shortest operation, without its id. */
const leastBytes = 4;

const put = 1;
const remove = 2;
const settle = 3;

const conditionMask = 0b11;
const ifVersion = 1;
const ifPresent = 2;
const ifAbsent = 3;
const hasIdempotency = 1 << 2;
const hasReplyTo = 1 << 3;
const hasTraceId = 1 << 4;
const hasTtl = 1 << 5;
const writeFlags = conditionMask | hasIdempotency | hasReplyTo | hasTraceId;

/**
 * Encodes operations for a partition's queue. The buffer owns the whole of its ArrayBuffer and may be transferred.
 *
 * @throws CodecError for an operation that could not be decoded again: a text over 65,535 bytes, an unpaired
 * surrogate, an id without the shape of one, a version or TTL out of range
 */
export function encodeOperations(operations: readonly QueuedOperation[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(header).uint32(operations.length);
  for (const { id } of operations) writer.id(id);
  for (const operation of operations) {
    if (operation.action === 'settle') writeSettle(writer, operation);
    else writeOperation(writer, operation);
  }
  return writer.finish();
}

/**
 * Decodes the operations of a queued message. Keys are checked; ids have the right shape but may not be ours.
 *
 * @param values whether the values of puts are views of `body` (the default) or copies
 * @throws CodecError when the body is not exactly one message of a known format
 */
export function decodeOperations(body: Uint8Array, values: ValueMode = 'view'): QueuedOperation[] {
  const reader = new ByteReader(body, header, values);
  const ids = reader.ids(reader.count(idBytes + leastBytes));
  const operations = ids.map((id) => readOperation(reader, id));
  reader.finish();
  return operations;
}

/**
 * Reads the ids that can still be read from a message that cannot be decoded: those in front, as many as are said to
 * be there and are there whole. In a message damaged at its front they may name nothing. Never throws.
 */
export function salvageOperationIds(body: Uint8Array): OperationId[] {
  try {
    const reader = new ByteReader(body, header);
    const whole = Math.floor((body.length - prefixBytes) / idBytes);
    return reader.ids(Math.min(reader.uint32(), whole));
  } catch {
    return [];
  }
}

function writeSettle(writer: ByteWriter, { code, replyTo }: SettleMarker): void {
  writer
    .uint8(settle)
    .uint8(replyTo === undefined ? 0 : hasReplyTo)
    .text(code);
  if (replyTo !== undefined) writer.text(replyTo);
}

function writeOperation(writer: ByteWriter, operation: Operation): void {
  const { action, key, condition, idempotency, replyTo, traceId } = operation;
  const ttlSeconds = action === 'put' ? operation.ttlSeconds : undefined;
  const flags =
    conditionFlag(condition) |
    (idempotency === undefined ? 0 : hasIdempotency) |
    (replyTo === undefined ? 0 : hasReplyTo) |
    (traceId === undefined ? 0 : hasTraceId) |
    (ttlSeconds === undefined ? 0 : hasTtl);
  writer
    .uint8(action === 'put' ? put : remove)
    .uint8(flags)
    .text(key);
  if (condition?.kind === 'version') writer.safeInteger(condition.version);
  if (idempotency !== undefined) writer.text(idempotency.identity).text(idempotency.fingerprint);
  if (replyTo !== undefined) writer.text(replyTo);
  if (traceId !== undefined) writer.text(traceId);
  if (action === 'delete') return;
  if (ttlSeconds !== undefined) writer.uint32(checkedTtl(ttlSeconds));
  writer.text(operation.contentType);
  writeMeta(writer, operation.meta);
  writer.value(operation.value);
}

function checkedTtl(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= maxTtlSeconds) return seconds;
  throw new CodecError('a TTL to write is out of its range');
}

function conditionFlag(condition: Condition | undefined): number {
  switch (condition?.kind) {
    case 'version':
      return ifVersion;
    case 'present':
      return ifPresent;
    case 'absent':
      return ifAbsent;
    case undefined:
      return 0;
  }
}

function readOperation(reader: ByteReader, id: OperationId): QueuedOperation {
  const kind = reader.uint8();
  switch (kind) {
    case put:
    case remove:
      return readWrite(reader, id, kind);
    case settle:
      return readSettle(reader, id);
    default:
      throw new CodecError('an operation is of an unknown kind');
  }
}

function readSettle(reader: ByteReader, id: OperationId): SettleMarker {
  const flags = reader.flags(hasReplyTo);
  const code = problemCode(reader.text());
  return { action: 'settle', id, code, replyTo: flags === 0 ? undefined : reader.text() };
}

function readWrite(reader: ByteReader, id: OperationId, kind: number): Operation {
  const flags = reader.flags(kind === put ? writeFlags | hasTtl : writeFlags);
  const key = reader.key();
  const condition = readCondition(reader, flags & conditionMask);
  const idempotency =
    (flags & hasIdempotency) === 0 ? undefined : { identity: reader.text(), fingerprint: reader.text() };
  const replyTo = (flags & hasReplyTo) === 0 ? undefined : reader.text();
  const traceId = (flags & hasTraceId) === 0 ? undefined : reader.text();
  if (kind === remove) return { action: 'delete', id, key, condition, idempotency, replyTo, traceId };
  const ttlSeconds = (flags & hasTtl) === 0 ? undefined : reader.within(1, maxTtlSeconds);
  const contentType = reader.text();
  const meta: Meta = readMeta(reader);
  const value = reader.value();
  return { action: 'put', id, key, value, contentType, meta, ttlSeconds, condition, idempotency, replyTo, traceId };
}

function readCondition(reader: ByteReader, flag: number): Condition | undefined {
  switch (flag) {
    case ifVersion:
      return { kind: 'version', version: reader.safeInteger() };
    case ifPresent:
      return { kind: 'present' };
    case ifAbsent:
      return { kind: 'absent' };
    default:
      return undefined;
  }
}
