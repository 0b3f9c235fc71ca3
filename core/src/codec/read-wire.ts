import { problemCode } from '../errors.ts';
import type { CacheStatus, LeveledAnswer, LeveledRead } from '../ports/storage.ts';
import type { ReadLevel } from '../read-level.ts';
import { ByteReader, type ValueMode } from './byte-reader.ts';
import { type ByteWriter, sharedWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { readEntry, writeEntry } from './entry-codec.ts';

/*
 * A batch of reads and what a storage node answers: a stream of frames, the first with all that the cache had, the
 * others as the database answers, so that a hit never waits for the misses beside it. A frame is its length in 4 bytes,
 * then answers, each with the index of its read. The stream is whole when every read has its answer. All encoders throw
 * a CodecError for what could not be decoded again; the buffers own the whole of their ArrayBuffer.
 */

const readRequestHeader = 0x4702;
const readFrameHeader = 0x4802;

/** The length of a key, one byte of it, and the flags of a level. */
const leastReadBytes = 4;
/** An index, a kind and the length of a code. */
const leastAnswerBytes = 7;

const noCache = 1;
const onlyIfCached = 2;
const hasMaxAge = 4;
const hasStaleIfError = 8;
const hasTraceId = 16;
const levelFlags = noCache | onlyIfCached | hasMaxAge | hasStaleIfError | hasTraceId;

const problem = 0;
const absent = 1;
const found = 2;

const forwardedWords = [undefined, 'miss', 'stale', 'request', 'bypass'] as const;
const forwardedMask = 0b111;
const hasTtl = 1 << 3;
const isStoredFlag = 1 << 4;
const isCollapsedFlag = 1 << 5;
const statusFlags = forwardedMask | hasTtl | isStoredFlag | isCollapsedFlag;

/** Bytes of a frame's length. */
export const frameLengthBytes = 4;

/** The answer to one read of a batch. */
export interface IndexedAnswer {
  /** Which read of the batch, from 0. */
  readonly index: number;
  readonly answer: LeveledAnswer;
}

/** A batch of reads as a storage node gets it. */
export interface ReadRequest {
  readonly reads: readonly LeveledRead[];
  /** Milliseconds the gateway still waits for the answer. Not a time of day, for the two clocks may differ. */
  readonly remainingMs: number;
}

/** Encodes a batch of reads. */
export function encodeReadRequest({ reads, remainingMs }: ReadRequest): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(readRequestHeader).float64(remainingMs).uint32(reads.length);
  for (const read of reads) writeRead(writer, read);
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
  for (let index = 0; index < count; index += 1) reads.push(readRead(reader));
  reader.finish();
  return { reads, remainingMs };
}

/** Encodes some answers of a batch as one frame, its length in front. */
export function encodeReadFrame(answers: readonly IndexedAnswer[]): Buffer<ArrayBuffer> {
  const writer = sharedWriter.start(0).uint16(0).uint16(readFrameHeader).uint32(answers.length);
  for (const { index, answer } of answers) writeAnswer(writer.uint32(index), answer);
  const frame = writer.finish();
  frame.writeUInt32BE(frame.length - frameLengthBytes);
  return frame;
}

/**
 * Decodes a frame without the length in front of it.
 *
 * @param reads the number of reads in the batch
 * @param values whether the values are views of `body` (the default) or copies
 * @throws CodecError, also for an answer to a read that was not asked
 */
export function decodeReadFrame(body: Uint8Array, reads: number, values: ValueMode = 'view'): IndexedAnswer[] {
  const reader = new ByteReader(body, readFrameHeader, values);
  const count = atMost(reader.count(leastAnswerBytes), reads);
  const answers: IndexedAnswer[] = [];
  for (let at = 0; at < count; at += 1) {
    const index = reader.within(0, reads - 1);
    answers.push({ index, answer: readAnswer(reader) });
  }
  reader.finish();
  return answers;
}

function atMost(count: number, greatest: number): number {
  if (count > greatest) throw new CodecError('the message has more items than allowed');
  return count;
}

function writeRead(writer: ByteWriter, { key, level, traceId }: LeveledRead): void {
  const { maxAgeSeconds, staleIfErrorSeconds } = level;
  writer
    .text(key)
    .uint8(
      (level.noCache ? noCache : 0) |
        (level.onlyIfCached ? onlyIfCached : 0) |
        (maxAgeSeconds === undefined ? 0 : hasMaxAge) |
        (staleIfErrorSeconds === undefined ? 0 : hasStaleIfError) |
        (traceId === undefined ? 0 : hasTraceId),
    );
  if (maxAgeSeconds !== undefined) writer.safeInteger(maxAgeSeconds);
  if (staleIfErrorSeconds !== undefined) writer.safeInteger(staleIfErrorSeconds);
  if (traceId !== undefined) writer.text(traceId);
}

function readRead(reader: ByteReader): LeveledRead {
  const key = reader.key();
  const flags = reader.flags(levelFlags);
  const level: ReadLevel = {
    noCache: (flags & noCache) !== 0,
    onlyIfCached: (flags & onlyIfCached) !== 0,
    maxAgeSeconds: (flags & hasMaxAge) === 0 ? undefined : reader.safeInteger(),
    staleIfErrorSeconds: (flags & hasStaleIfError) === 0 ? undefined : reader.safeInteger(),
  };
  return (flags & hasTraceId) === 0 ? { key, level } : { key, level, traceId: reader.text() };
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
