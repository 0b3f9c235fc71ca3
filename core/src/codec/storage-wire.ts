import { problemCode } from '../errors.ts';
import type { OperationId } from '../operation-id.ts';
import type { OperationRecord } from '../outcome.ts';
import type { CacheStatus, LeveledAnswer, LeveledRead } from '../ports/storage.ts';
import type { ReadLevel } from '../read-level.ts';
import { ByteReader, type ValueMode } from './byte-reader.ts';
import { type ByteWriter, idBytes, sharedWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { readEntry, writeEntry } from './entry-codec.ts';
import { readRecord, writeRecord } from './record-codec.ts';

/*
 * What gateways and storage nodes say to each other about single keys and operations. Each message has its own header,
 * so that no answer is ever taken for another. All encoders throw a CodecError for what could not be decoded again;
 * the buffers own the whole of their ArrayBuffer.
 */

const readRequestHeader = 0x4701;
const readAnswersHeader = 0x4801;
const operationsRequestHeader = 0x4901;
const operationsAnswerHeader = 0x4a01;
const fingerprintRequestHeader = 0x4b01;
const fingerprintAnswerHeader = 0x4c01;

/** The length of a key, one byte of it, and the flags of a level. */
const leastReadBytes = 4;
/** A kind and the length of a code. */
const leastAnswerBytes = 3;

const noCache = 1;
const onlyIfCached = 2;
const hasMaxAge = 4;
const hasStaleIfError = 8;
const levelFlags = noCache | onlyIfCached | hasMaxAge | hasStaleIfError;

const problem = 0;
const absent = 1;
const found = 2;

const forwardedWords = [undefined, 'miss', 'stale', 'request', 'bypass'] as const;
const forwardedMask = 0b111;
const hasTtl = 1 << 3;
const isStoredFlag = 1 << 4;
const isCollapsedFlag = 1 << 5;
const statusFlags = forwardedMask | hasTtl | isStoredFlag | isCollapsedFlag;

/** A batch of reads as a storage node gets it. */
export interface ReadRequest {
  readonly reads: readonly LeveledRead[];
  /** Milliseconds the gateway still waits for the answer. Not a time of day, for the two clocks may differ. */
  readonly remainingMs: number;
}

/** How much a gateway takes from a storage node in one answer. */
export interface AnswerLimits {
  /** The number of reads asked for. */
  readonly answers: number;
  /** Bytes of the whole message. */
  readonly bytes: number;
}

/** Encodes a batch of reads. */
export function encodeReadRequest({ reads, remainingMs }: ReadRequest): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(readRequestHeader).float64(remainingMs).uint32(reads.length);
  for (const { key, level } of reads) writeLevel(writer.text(key), level);
  return writer.finish();
}

/**
 * Decodes a batch of reads.
 *
 * @param maxReads more than this many are refused
 * @throws CodecError
 */
export function decodeReadRequest(body: Uint8Array, maxReads: number): ReadRequest {
  const reader = new ByteReader(body, readRequestHeader);
  const remainingMs = reader.float64();
  const count = atMost(reader.count(leastReadBytes), maxReads);
  const reads: LeveledRead[] = [];
  for (let index = 0; index < count; index += 1) reads.push({ key: reader.key(), level: readLevel(reader) });
  reader.finish();
  return { reads, remainingMs };
}

/** Encodes the answers to a batch of reads, in the order of the reads. */
export function encodeReadAnswers(answers: readonly LeveledAnswer[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(readAnswersHeader).uint32(answers.length);
  for (const answer of answers) writeAnswer(writer, answer);
  return writer.finish();
}

/**
 * Decodes the answers to a batch of reads.
 *
 * @param values whether the values are views of `body` (the default) or copies
 * @throws CodecError, also when there are more answers or bytes than the limits say
 */
export function decodeReadAnswers(body: Uint8Array, limits: AnswerLimits, values: ValueMode = 'view'): LeveledAnswer[] {
  if (body.length > limits.bytes) throw new CodecError('the message is longer than allowed');
  const reader = new ByteReader(body, readAnswersHeader, values);
  const count = atMost(reader.count(leastAnswerBytes), limits.answers);
  const answers: LeveledAnswer[] = [];
  for (let index = 0; index < count; index += 1) answers.push(readAnswer(reader));
  reader.finish();
  return answers;
}

/** Encodes a question for the log rows of operations. */
export function encodeOperationsRequest(ids: readonly OperationId[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(operationsRequestHeader).uint32(ids.length);
  for (const id of ids) writer.id(id);
  return writer.finish();
}

/**
 * Decodes a question for the log rows of operations. The ids may not be ours.
 *
 * @param maxIds more than this many are refused
 * @throws CodecError
 */
export function decodeOperationsRequest(body: Uint8Array, maxIds: number): OperationId[] {
  const reader = new ByteReader(body, operationsRequestHeader);
  const ids = reader.ids(atMost(reader.count(idBytes), maxIds));
  reader.finish();
  return ids;
}

/** Encodes log rows in the order they were asked for; undefined where there is none. */
export function encodeOperationsAnswer(records: readonly (OperationRecord | undefined)[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(operationsAnswerHeader).uint32(records.length);
  for (const record of records) {
    writer.uint8(record === undefined ? 0 : 1);
    if (record !== undefined) writeRecord(writer, record);
  }
  return writer.finish();
}

/**
 * Decodes log rows; undefined where there is none.
 *
 * @param maxRecords the number of ids asked for
 * @throws CodecError
 */
export function decodeOperationsAnswer(body: Uint8Array, maxRecords: number): (OperationRecord | undefined)[] {
  const reader = new ByteReader(body, operationsAnswerHeader);
  const count = atMost(reader.count(1), maxRecords);
  const records: (OperationRecord | undefined)[] = [];
  for (let index = 0; index < count; index += 1) records.push(reader.flags(1) === 0 ? undefined : readRecord(reader));
  reader.finish();
  return records;
}

/** Encodes a question for the fingerprint under an idempotency identity. */
export function encodeFingerprintRequest(identity: string): Buffer<ArrayBuffer> {
  return sharedWriter.start(fingerprintRequestHeader).text(identity).finish();
}

/** Decodes a question for a fingerprint. Throws CodecError. */
export function decodeFingerprintRequest(body: Uint8Array): string {
  const reader = new ByteReader(body, fingerprintRequestHeader);
  const identity = reader.text();
  reader.finish();
  return identity;
}

/** Encodes a fingerprint; undefined when nothing is remembered. */
export function encodeFingerprintAnswer(fingerprint: string | undefined): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(fingerprintAnswerHeader).uint8(fingerprint === undefined ? 0 : 1);
  if (fingerprint !== undefined) writer.text(fingerprint);
  return writer.finish();
}

/** Decodes a fingerprint; undefined when nothing is remembered. Throws CodecError. */
export function decodeFingerprintAnswer(body: Uint8Array): string | undefined {
  const reader = new ByteReader(body, fingerprintAnswerHeader);
  const fingerprint = reader.flags(1) === 0 ? undefined : reader.text();
  reader.finish();
  return fingerprint;
}

function atMost(count: number, greatest: number): number {
  if (count > greatest) throw new CodecError('the message has more items than allowed');
  return count;
}

function writeLevel(writer: ByteWriter, level: ReadLevel): void {
  const { maxAgeSeconds, staleIfErrorSeconds } = level;
  writer.uint8(
    (level.noCache ? noCache : 0) |
      (level.onlyIfCached ? onlyIfCached : 0) |
      (maxAgeSeconds === undefined ? 0 : hasMaxAge) |
      (staleIfErrorSeconds === undefined ? 0 : hasStaleIfError),
  );
  if (maxAgeSeconds !== undefined) writer.safeInteger(maxAgeSeconds);
  if (staleIfErrorSeconds !== undefined) writer.safeInteger(staleIfErrorSeconds);
}

function readLevel(reader: ByteReader): ReadLevel {
  const flags = reader.flags(levelFlags);
  return {
    noCache: (flags & noCache) !== 0,
    onlyIfCached: (flags & onlyIfCached) !== 0,
    maxAgeSeconds: (flags & hasMaxAge) === 0 ? undefined : reader.safeInteger(),
    staleIfErrorSeconds: (flags & hasStaleIfError) === 0 ? undefined : reader.safeInteger(),
  };
}

function writeAnswer(writer: ByteWriter, answer: LeveledAnswer): void {
  if (answer.kind === 'problem') {
    writer.uint8(problem).text(answer.code);
    return;
  }
  const { entry, ageMs, cacheStatus } = answer;
  writer.uint8(entry === undefined ? absent : found).float64(ageMs);
  writeCacheStatus(writer, cacheStatus);
  if (entry !== undefined) writeEntry(writer, entry);
}

function readAnswer(reader: ByteReader): LeveledAnswer {
  const kind = reader.uint8();
  switch (kind) {
    case problem:
      return { kind: 'problem', code: problemCode(reader.text()) };
    case absent:
    case found: {
      const ageMs = reader.float64();
      const cacheStatus = readCacheStatus(reader);
      return { kind: 'found', entry: kind === found ? readEntry(reader) : undefined, ageMs, cacheStatus };
    }
    default:
      throw new CodecError('an answer is of an unknown kind');
  }
}

function writeCacheStatus(writer: ByteWriter, { forwarded, ttlMs, isStored, isCollapsed }: CacheStatus): void {
  writer.uint8(
    forwardedWords.indexOf(forwarded) |
      (ttlMs === undefined ? 0 : hasTtl) |
      (isStored ? isStoredFlag : 0) |
      (isCollapsed ? isCollapsedFlag : 0),
  );
  if (ttlMs !== undefined) writer.float64(ttlMs);
}

function readCacheStatus(reader: ByteReader): CacheStatus {
  const flags = reader.flags(statusFlags);
  const index = flags & forwardedMask;
  if (index >= forwardedWords.length) throw new CodecError('a cache status has an unknown word');
  return {
    forwarded: forwardedWords[index],
    ttlMs: (flags & hasTtl) === 0 ? undefined : reader.float64(),
    isStored: (flags & isStoredFlag) !== 0,
    isCollapsed: (flags & isCollapsedFlag) !== 0,
  };
}
