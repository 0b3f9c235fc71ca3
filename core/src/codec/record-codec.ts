import { problemCode } from '../errors.ts';
import type { OperationRecord, Outcome } from '../outcome.ts';
import { ByteReader } from './byte-reader.ts';
import { type ByteWriter, idBytes, sharedWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';

const recordsHeader = 0x5201;
const outcomeHeader = 0x5501;

const applied = 1;
const rejected = 2;
const failed = 3;
const kindMask = 0b11;
const hasVersion = 1 << 2;
const hasExpiry = 1 << 3;
const isCreatedFlag = 1 << 4;
const flagsOf = [0, hasVersion | hasExpiry | isCreatedFlag, hasVersion, 0];

const put = 1;
const remove = 2;
const actionMask = 0b11;
const hasKey = 1 << 2;

/** The shortest outcome is a byte of flags and an empty code. */
const leastOutcomeBytes = 1;
/** Bytes of the shortest record: id, flags, outcome and time. */
export const leastRecordBytes = idBytes + 1 + leastOutcomeBytes + 8;

/**
 * Encodes log rows, for the outcome feed. The buffer owns the whole of its ArrayBuffer and may be transferred.
 *
 * @throws CodecError for a row that could not be decoded again
 */
export function encodeRecords(records: readonly OperationRecord[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(recordsHeader).uint32(records.length);
  for (const record of records) writeRecord(writer, record);
  return writer.finish();
}

/**
 * Decodes log rows. A problem code this version does not know becomes `internal`.
 *
 * @throws CodecError when the body is not exactly one message of a known format
 */
export function decodeRecords(body: Uint8Array): OperationRecord[] {
  const reader = new ByteReader(body, recordsHeader);
  const count = reader.count(leastRecordBytes);
  const records: OperationRecord[] = [];
  for (let index = 0; index < count; index += 1) records.push(readRecord(reader));
  reader.finish();
  return records;
}

/**
 * Encodes an outcome, for a column of the operations table. The buffer owns the whole of its ArrayBuffer.
 *
 * @throws CodecError for an outcome that could not be decoded again
 */
export function encodeOutcome(outcome: Outcome): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(outcomeHeader);
  writeOutcome(writer, outcome);
  return writer.finish();
}

/**
 * Decodes an outcome. A problem code this version does not know becomes `internal`.
 *
 * @throws CodecError when the body is not exactly one outcome of a known format
 */
export function decodeOutcome(body: Uint8Array): Outcome {
  const reader = new ByteReader(body, outcomeHeader);
  const outcome = readOutcome(reader);
  reader.finish();
  return outcome;
}

/** Writes one log row into a message. */
export function writeRecord(writer: ByteWriter, { id, action, key, outcome, settledAt }: OperationRecord): void {
  const actionFlag = action === undefined ? 0 : action === 'put' ? put : remove;
  writer.id(id).uint8(actionFlag | (key === undefined ? 0 : hasKey));
  if (key !== undefined) writer.text(key);
  writeOutcome(writer, outcome);
  writer.safeInteger(settledAt);
}

/** Reads one log row out of a message. Throws CodecError. */
export function readRecord(reader: ByteReader): OperationRecord {
  const id = reader.id();
  const flags = reader.flags(actionMask | hasKey);
  const action = readAction(flags & actionMask);
  const key = (flags & hasKey) === 0 ? undefined : reader.key();
  return { id, action, key, outcome: readOutcome(reader), settledAt: reader.safeInteger() };
}

function readAction(flag: number): OperationRecord['action'] {
  switch (flag) {
    case 0:
      return undefined;
    case put:
      return 'put';
    case remove:
      return 'delete';
    default:
      throw new CodecError('a record has an unknown action');
  }
}

function writeOutcome(writer: ByteWriter, outcome: Outcome): void {
  switch (outcome.status) {
    case 'applied': {
      const { version, isCreated, expiresAt } = outcome;
      const flags = (isCreated ? isCreatedFlag : 0) | (version === undefined ? 0 : hasVersion);
      writer.uint8(applied | flags | (expiresAt === undefined ? 0 : hasExpiry));
      if (version !== undefined) writer.safeInteger(version);
      if (expiresAt !== undefined) writer.safeInteger(expiresAt);
      break;
    }
    case 'rejected':
      writer.uint8(rejected | (outcome.currentVersion === undefined ? 0 : hasVersion)).text(outcome.code);
      if (outcome.currentVersion !== undefined) writer.safeInteger(outcome.currentVersion);
      break;
    case 'failed':
      writer.uint8(failed).text(outcome.code);
      break;
  }
}

function readOutcome(reader: ByteReader): Outcome {
  const flags = reader.uint8();
  const kind = flags & kindMask;
  if ((flags & ~kindMask & ~(flagsOf[kind] ?? 0)) !== 0) throw new CodecError('an outcome has an unknown flag');
  switch (kind) {
    case applied: {
      const version = (flags & hasVersion) === 0 ? undefined : reader.safeInteger();
      const expiresAt = (flags & hasExpiry) === 0 ? undefined : reader.safeInteger();
      return { status: 'applied', version, isCreated: (flags & isCreatedFlag) !== 0, expiresAt };
    }
    case rejected: {
      const code = problemCode(reader.text());
      return {
        status: 'rejected',
        code,
        currentVersion: (flags & hasVersion) === 0 ? undefined : reader.safeInteger(),
      };
    }
    case failed:
      return { status: 'failed', code: problemCode(reader.text()) };
    default:
      throw new CodecError('an outcome is of an unknown kind');
  }
}
