import {
  type LeveledAnswer,
  type Meta,
  type ProblemCode,
  parseKey,
  problemKinds,
  type ReadLevel,
  StrataError,
} from '@stratakv/core';
import type { ReadGatherer } from './read-gatherer.ts';
import { timestamp } from './receipt.ts';

/** What a batch answers with at the most, bytes of values. */
export const maxBatchBytes = 8 * 1024 * 1024;
// Read at a time, so that a batch never has much more in memory than it may answer with.
const stride = 32;
// Sent at a time: between two pieces the event loop sees to other requests.
const pieceBytes = 64 * 1024;

/** One result of a batch: all members but the value, which is kept apart because it may be large. */
export interface BatchResult {
  readonly members: object;
  readonly value: Uint8Array | undefined;
}

/** Reads keys in order, until the values of a batch are full; the rest is 413. A bad key is 400 for that key. */
export async function* readResults(
  reads: ReadGatherer,
  keys: readonly string[],
  level: ReadLevel,
): AsyncGenerator<BatchResult> {
  let bytes = 0;
  for (let start = 0; start < keys.length; start += stride) {
    const texts = keys.slice(start, start + stride);
    if (bytes >= maxBatchBytes) {
      for (const key of texts) yield tooMuch(key);
      continue;
    }
    const answers = await Promise.all(texts.map((key) => readOne(reads, key, level)));
    for (const [index, answer] of answers.entries()) {
      const key = texts[index] as string;
      const value = foundValue(answer);
      bytes += value?.length ?? 0;
      const isOver = value !== undefined && value.length > 0 && bytes > maxBatchBytes;
      yield isOver ? tooMuch(key) : { members: resultOf(key, answer), value };
    }
  }
}

/** The document of a batch, `{"results":[…]}`, in pieces of moderate size: a value goes into it as base64. */
export async function* renderResults(results: AsyncIterable<BatchResult>): AsyncGenerator<Buffer> {
  let piece: Buffer[] = [Buffer.from('{"results":[')];
  let bytes = 0;
  let separator = '';
  for await (const { members, value } of results) {
    const rendered = render(separator, members, value);
    separator = ',';
    piece.push(rendered);
    bytes += rendered.length;
    if (bytes < pieceBytes) continue;
    yield Buffer.concat(piece);
    piece = [];
    bytes = 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  piece.push(Buffer.from(']}\n'));
  yield Buffer.concat(piece);
}

/** JSON.stringify would look through a large value for characters to escape, of which base64 has none. */
function render(separator: string, members: object, value: Uint8Array | undefined): Buffer {
  const json = separator + JSON.stringify(members);
  if (value === undefined) return Buffer.from(json);
  const base64 = Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64');
  const head = Buffer.from(`${json.slice(0, -1)},"value":"`);
  return Buffer.concat([head, Buffer.from(base64, 'latin1'), Buffer.from('"}')]);
}

function tooMuch(key: string): BatchResult {
  return { members: failed(key, 'value-too-large', overSize), value: undefined };
}

const overSize = 'The answer has reached its size; ask for this key in another batch.';

async function readOne(reads: ReadGatherer, text: string, level: ReadLevel): Promise<LeveledAnswer | StrataError> {
  try {
    return await reads.readOne({ key: parseKey(text), level });
  } catch (error) {
    if (error instanceof StrataError) return error;
    throw error;
  }
}

function foundValue(answer: LeveledAnswer | StrataError): Uint8Array | undefined {
  return answer instanceof StrataError || answer.kind === 'problem' ? undefined : answer.entry?.value;
}

function resultOf(key: string, answer: LeveledAnswer | StrataError): object {
  // One status for every bad key of a batch, also a long one: there is no URI that could be too long.
  if (answer instanceof StrataError) {
    return failed(key, answer.code, answer.message, answer.code === 'key-too-long' ? 400 : undefined);
  }
  if (answer.kind === 'problem') return failed(key, answer.code, problemKinds[answer.code].title);
  const { entry } = answer;
  if (entry === undefined) return { key, status: 404 };
  return {
    key,
    status: 200,
    version: entry.version,
    contentType: entry.contentType,
    meta: metaObject(entry.meta),
    expiresAt: entry.expiresAt === undefined ? undefined : timestamp(entry.expiresAt),
  };
}

function failed(key: string, code: ProblemCode, detail: string, status: number = problemKinds[code].status): object {
  return { key, status, type: `urn:stratakv:problem:${code}`, detail };
}

/** Header values are bytes; in JSON they are text, as UTF-8 where they are that. */
function metaObject(meta: Meta): object {
  return Object.fromEntries(meta.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString()]));
}
