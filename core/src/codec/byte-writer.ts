import type { OperationId } from '../operation-id.ts';
import { CodecError } from './codec-error.ts';

/** Bytes of an operation id on the wire; its text is their base64url. */
export const idBytes = 24;

const scratchBytes = 64 * 1024;
/** A scratch buffer that one big batch made larger than this is not kept. */
const keptBytes = 1024 * 1024;
/** From this length on, a native call writes text faster than a loop does. */
const longText = 96;
/** Longer values are copied once, when the message is finished, instead of through the scratch buffer. */
const longValue = 4096;
const none = 255;

/** The six bits of each base64url character (RFC 4648 §5), by character code. */
const sextets = new Uint8Array(128).fill(none);
for (const [bits, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  sextets[character.charCodeAt(0)] = bits;
}

/**
 * Writes one message after another; integers are big-endian. A message is written without a break between `start` and
 * `finish`, so one writer serves a whole process. What cannot be read back is refused here already, with a CodecError,
 * lest it become a message that nobody can take off its queue.
 */
export class ByteWriter {
  #bytes = Buffer.allocUnsafeSlow(scratchBytes);
  #used = 0;
  /** Values left out of the scratch buffer, and where in it they belong. */
  #long: { readonly at: number; readonly value: Uint8Array }[] = [];
  #longBytes = 0;

  /** Begins a message with its two header bytes, the kind of message and the version of its format. */
  start(header: number): this {
    this.#used = 0;
    if (this.#long.length > 0) this.#long = [];
    this.#longBytes = 0;
    return this.uint16(header);
  }

  uint8(value: number): this {
    const at = this.#take(1);
    this.#bytes[at] = value;
    return this;
  }

  uint16(value: number): this {
    const at = this.#take(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  uint32(value: number): this {
    this.#uint32At(this.#take(4), value);
    return this;
  }

  /** A whole number from 0 to 2^53 - 1 (a version, a time), in 8 bytes. */
  safeInteger(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new CodecError('a number to write is not a safe integer');
    const at = this.#take(8);
    this.#uint32At(at, Math.floor(value / 0x1_0000_0000));
    this.#uint32At(at + 4, value);
    return this;
  }

  /** Any finite number, as IEEE 754 binary64: durations, which may be negative or fractions. */
  float64(value: number): this {
    if (!Number.isFinite(value)) throw new CodecError('a number to write is not finite');
    const at = this.#take(8);
    this.#bytes.writeDoubleBE(value, at);
    return this;
  }

  /** Text of at most 65,535 bytes of UTF-8, after its length in 2 bytes. */
  text(text: string): this {
    const { length } = text;
    if (length > 0xffff) throw new CodecError('a text to write is too long');
    const at = this.#take(2 + 3 * length);
    if (length <= longText) {
      const bytes = this.#bytes;
      let seen = 0;
      for (let index = 0; index < length; index += 1) {
        const code = text.charCodeAt(index);
        bytes[at + 2 + index] = code;
        seen |= code;
      }
      if (seen < 128) return this.#closeText(at, length);
    }
    const written = this.#bytes.write(text, at + 2);
    if (written !== length && !text.isWellFormed()) throw new CodecError('a text to write has an unpaired surrogate');
    return this.#closeText(at, written);
  }

  /** An operation id, as the 24 bytes its text stands for. */
  id(id: OperationId): this {
    if (id.length !== 32) throw new CodecError('an operation id to write has the wrong length');
    let at = this.#take(idBytes);
    const bytes = this.#bytes;
    let seen = 0;
    for (let index = 0; index < 32; index += 4) {
      const a = sextets[id.charCodeAt(index)] ?? none;
      const b = sextets[id.charCodeAt(index + 1)] ?? none;
      const c = sextets[id.charCodeAt(index + 2)] ?? none;
      const d = sextets[id.charCodeAt(index + 3)] ?? none;
      seen |= a | b | c | d;
      bytes[at] = (a << 2) | (b >> 4);
      bytes[at + 1] = (b << 4) | (c >> 2);
      bytes[at + 2] = (c << 6) | d;
      at += 3;
    }
    if (seen > 63) throw new CodecError('an operation id to write is not base64url');
    return this;
  }

  /** A value of less than 4 GiB, after its length in 4 bytes. It must not change before `finish`. */
  value(value: Uint8Array): this {
    if (value.length > 0xffff_ffff) throw new CodecError('a value to write is too long');
    this.uint32(value.length);
    if (value.length <= longValue) {
      const at = this.#take(value.length);
      this.#bytes.set(value, at);
      return this;
    }
    this.#long.push({ at: this.#used, value });
    this.#longBytes += value.length;
    return this;
  }

  /** The message, in a buffer that owns the whole of its ArrayBuffer, so that it can be transferred to a worker. */
  finish(): Buffer<ArrayBuffer> {
    const message = Buffer.allocUnsafeSlow(this.#used + this.#longBytes);
    let from = 0;
    let to = 0;
    for (const { at, value } of this.#long) {
      message.set(this.#bytes.subarray(from, at), to);
      to += at - from;
      message.set(value, to);
      to += value.length;
      from = at;
    }
    this.#bytes.copy(message, to, from, this.#used);
    if (this.#long.length > 0) this.#long = [];
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(scratchBytes);
    return message;
  }

  #closeText(at: number, length: number): this {
    if (length > 0xffff) throw new CodecError('a text to write is too long');
    this.#bytes[at] = length >>> 8;
    this.#bytes[at + 1] = length;
    this.#used = at + 2 + length;
    return this;
  }

  #uint32At(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  #take(length: number): number {
    const at = this.#used;
    this.#used = at + length;
    if (this.#used > this.#bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#used, 2 * this.#bytes.length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** The writer all encoders share: each of them starts and finishes its message in one go. */
export const sharedWriter = new ByteWriter();
