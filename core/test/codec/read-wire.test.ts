import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  CodecError,
  cachedLevel,
  decodeReadFrame,
  decodeReadRequest,
  encodeReadFrame,
  encodeReadRequest,
  FrameSplitter,
  frameLengthBytes,
  type IndexedAnswer,
  parseKey,
  type ReadRequest,
} from '../../src/index.ts';
import { anyAnswer, anyRead, anyRemainingMs } from '../arbitraries.ts';
import { codecLaws } from './codec-laws.ts';

const reads = 4;

const anyAnswers: fc.Arbitrary<IndexedAnswer[]> = fc
  .array(anyAnswer, { maxLength: reads })
  .map((answers) => answers.map((answer, index) => ({ index: reads - 1 - index, answer })));

/** A frame as the splitter hands it out, in memory of its own. */
function bareFrame(answers: readonly IndexedAnswer[]): Buffer<ArrayBuffer> {
  const frame = encodeReadFrame(answers);
  const bare = Buffer.allocUnsafeSlow(frame.length - frameLengthBytes);
  frame.copy(bare, 0, frameLengthBytes);
  return bare;
}

codecLaws<ReadRequest>({
  name: 'read request',
  arbitrary: fc.record(
    { reads: fc.array(anyRead, { maxLength: reads }), remainingMs: anyRemainingMs },
    { noNullPrototype: true },
  ),
  encode: encodeReadRequest,
  decode: (body) => decodeReadRequest(body, reads),
});

codecLaws<IndexedAnswer[]>({
  name: 'read frame',
  arbitrary: anyAnswers,
  encode: bareFrame,
  decode: (body) => decodeReadFrame(body, reads),
});

test('more reads than the receiver allows, and answers to reads that were not asked, are refused', () => {
  fc.assert(
    fc.property(fc.array(anyRead, { minLength: 2, maxLength: reads }), (asked) => {
      const body = encodeReadRequest({ reads: asked, remainingMs: 5 });
      assert.throws(() => decodeReadRequest(body, asked.length - 1), CodecError);
    }),
  );
  fc.assert(
    fc.property(anyAnswer, (answer) => {
      const frame = bareFrame([{ index: 2, answer }]);
      assert.deepStrictEqual(decodeReadFrame(frame, 3), [{ index: 2, answer }]);
      assert.throws(() => decodeReadFrame(frame, 2), CodecError);
    }),
  );
});

test('values of answers are views of the frame, or copies when asked for', () => {
  fc.assert(
    fc.property(anyAnswers, (answers) => {
      const body = bareFrame(answers);
      for (const { answer } of decodeReadFrame(body, reads)) {
        if (answer.kind === 'found' && answer.entry) assert.equal(answer.entry.value.buffer, body.buffer);
      }
      const copies = decodeReadFrame(body, reads, 'copy');
      body.fill(0);
      assert.deepStrictEqual(copies, answers);
    }),
  );
});

test('the shortest of all reads come back', () => {
  const shortest = Array.from({ length: reads }, () => ({ key: parseKey('a'), level: cachedLevel }));
  const request = { reads: shortest, remainingMs: 0 };
  assert.deepStrictEqual(decodeReadRequest(encodeReadRequest(request), reads), request);
});

test('a time or duration that is not finite is refused both ways', () => {
  for (const remainingMs of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => encodeReadRequest({ reads: [], remainingMs }), CodecError);
    const body = encodeReadRequest({ reads: [], remainingMs: 1 });
    body.writeDoubleBE(remainingMs, 2);
    assert.throws(() => decodeReadRequest(body, 1), CodecError);
  }
});

test('frames come out of a stream whole and in order, however it is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(anyAnswers, { maxLength: 4 }), fc.array(fc.integer({ min: 1, max: 60 })), (batches, cuts) => {
      const stream = Buffer.concat(batches.map(encodeReadFrame));
      const splitter = new FrameSplitter(1_000_000);
      const frames: Buffer[] = [];
      let at = 0;
      for (const cut of [...cuts, stream.length]) {
        if (at >= stream.length) break;
        frames.push(...splitter.push(stream.subarray(at, at + cut)));
        at += cut;
      }
      assert.ok(splitter.isBetweenFrames);
      assert.deepStrictEqual(
        frames.map((frame) => decodeReadFrame(frame, reads)),
        batches,
      );
    }),
  );
});

test('a frame that is cut off is noticed, one that is too long is refused at once', () => {
  const frame = encodeReadFrame([{ index: 0, answer: { kind: 'problem', code: 'unavailable' } }]);
  const splitter = new FrameSplitter(frame.length - frameLengthBytes);
  assert.deepEqual(splitter.push(frame.subarray(0, frame.length - 1)), []);
  assert.equal(splitter.isBetweenFrames, false);
  assert.equal(splitter.push(frame.subarray(frame.length - 1)).length, 1);
  const strict = new FrameSplitter(frame.length - frameLengthBytes - 1);
  assert.throws(() => strict.push(frame.subarray(0, frameLengthBytes)), CodecError);
});
