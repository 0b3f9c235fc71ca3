import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { CodecError } from '../../src/index.ts';

export interface CodecUnderTest<T> {
  readonly name: string;
  readonly arbitrary: fc.Arbitrary<T>;
  readonly encode: (item: T) => Buffer<ArrayBuffer>;
  readonly decode: (body: Uint8Array) => T;
}

/** What every codec promises, whatever it encodes. */
export function codecLaws<T>({ name, arbitrary, encode, decode }: CodecUnderTest<T>): void {
  const few = { numRuns: 40 };

  test(`${name}: what is encoded comes back, wherever the bytes lie`, () => {
    fc.assert(
      fc.property(arbitrary, (item) => {
        const body = encode(item);
        assert.deepStrictEqual(decode(body), item);
        const wider = new Uint8Array(body.length + 7).fill(0xaa);
        wider.set(body, 3);
        assert.deepStrictEqual(decode(wider.subarray(3, 3 + body.length)), item);
      }),
      { numRuns: 300 },
    );
  });

  test(`${name}: the buffer owns the whole of its ArrayBuffer and can be transferred`, () => {
    fc.assert(
      fc.property(arbitrary, (item) => {
        const body = encode(item);
        assert.equal(body.byteOffset, 0);
        assert.equal(body.byteLength, body.buffer.byteLength);
        const moved = structuredClone(body.buffer, { transfer: [body.buffer] });
        assert.equal(body.byteLength, 0);
        assert.deepStrictEqual(decode(new Uint8Array(moved)), item);
      }),
      few,
    );
  });

  test(`${name}: every truncation is refused`, () => {
    fc.assert(
      fc.property(arbitrary, (item) => {
        const body = encode(item);
        for (let length = 0; length < body.length; length += 1) {
          assert.throws(() => decode(body.subarray(0, length)), CodecError, `prefix of ${length} bytes`);
        }
      }),
      few,
    );
  });

  test(`${name}: trailing bytes are refused`, () => {
    fc.assert(
      fc.property(arbitrary, fc.uint8Array({ minLength: 1, maxLength: 40 }), (item, more) => {
        assert.throws(() => decode(Buffer.concat([encode(item), more])), CodecError);
      }),
    );
  });

  test(`${name}: any single byte may change, it decodes to something valid or is refused`, () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 255 }), (item, other) => {
        const body = encode(item);
        for (let at = 0; at < body.length; at += 1) {
          const original = body[at] as number;
          for (const change of [1, 2, 4, 8, 16, 32, 64, 128, 255, other]) {
            body[at] = original ^ change;
            staysSane(body);
          }
          body[at] = original;
        }
      }),
      { numRuns: 20 },
    );
  });

  test(`${name}: unknown kinds and format versions are refused`, () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 255 }), fc.integer({ min: 0, max: 1 }), (item, change, at) => {
        const body = encode(item);
        body[at] = (body[at] as number) ^ change;
        assert.throws(() => decode(body), CodecError);
      }),
    );
  });

  test(`${name}: arbitrary bytes after a good header are read or refused, never more`, () => {
    fc.assert(
      fc.property(arbitrary, fc.uint8Array({ maxLength: 200 }), (item, noise) => {
        staysSane(Buffer.concat([encode(item).subarray(0, 2), noise]));
        staysSane(noise);
      }),
      { numRuns: 1000 },
    );
  });

  test(`${name}: huge counts and lengths are refused before anything is allocated`, () => {
    fc.assert(
      fc.property(arbitrary, (item) => {
        const body = encode(item);
        for (let at = 2; at + 4 <= body.length; at += 1) {
          const damaged = Buffer.from(body);
          damaged.fill(0xff, at, at + 4);
          staysSane(damaged);
        }
      }),
      few,
    );
  });

  /**
   * Decodes, or throws a CodecError. What is decoded is encoded as the very same bytes, so nothing in them was passed
   * over; only a code from a newer version is read as `internal`.
   */
  function staysSane(body: Uint8Array): void {
    let item: T;
    try {
      item = decode(body);
    } catch (error) {
      assert.ok(error instanceof CodecError, `a CodecError, not ${String(error)}`);
      return;
    }
    const again = encode(item);
    if (inspect(item, { depth: null }).includes('internal')) assert.deepStrictEqual(decode(again), item);
    else assert.deepEqual(again, Buffer.from(body));
  }
}
