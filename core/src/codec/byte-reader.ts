import { type Key, parseKey } from '../key.ts';
import type { OperationId } from '../operation-id.ts';
import { idBytes } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';

/**
 * How values are handed out: `view` shares the memory of the message, which is free but keeps the whole message alive
 * (and changes with it); `copy` gives each value memory of its own, for those who keep it longer than the message.
 */
export type ValueMode = 'view' | 'copy';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a message of a ByteWriter, trusting nothing: every method throws a CodecError when the bytes end too early or
 * do not say something valid, and allocates no more than what is really there.
 */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #values: ValueMode;
  #at = 0;

  /**
   * @param header the two bytes the message has to begin with: its kind and the version of its format
   * @throws CodecError when it begins with anything else
   */
  constructor(body: Uint8Array, header: number, values: ValueMode = 'view') {
    this.#bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    this.#values = values;
    const found = this.uint16();
    if (found >>> 8 !== header >>> 8) throw new CodecError('not a message of this kind');
    if (found !== header) throw new CodecError(`unknown format version ${found & 0xff}`);
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  uint8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  uint16(): number {
    const at = this.#take(2);
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  uint32(): number {
    return this.#uint32At(this.#take(4));
  }

  safeInteger(): number {
    const at = this.#take(8);
    const high = this.#uint32At(at);
    if (high > 0x1f_ffff) throw new CodecError('a number is not a safe integer');
    return high * 0x1_0000_0000 + this.#uint32At(at + 4);
  }

  /** A number from a range, in 4 bytes. */
  within(least: number, greatest: number): number {
    const number = this.uint32();
    if (number < least || number > greatest) throw new CodecError('a number is out of its range');
    return number;
  }

  float64(): number {
    const number = this.#bytes.readDoubleBE(this.#take(8));
    if (!Number.isFinite(number)) throw new CodecError('a number is not finite');
    return number;
  }

  /** A byte of flags of which only those in `allowed` are known. */
  flags(allowed: number): number {
    const flags = this.uint8();
    if ((flags & ~allowed) !== 0) throw new CodecError('an unknown flag is set');
    return flags;
  }

  /** How many items follow (4 bytes), no more than the rest has room for when each takes at least `leastBytes`. */
  count(leastBytes: number): number {
    const count = this.uint32();
    if (count * leastBytes > this.remaining) throw new CodecError('more items are announced than there are');
    return count;
  }

  text(): string {
    const length = this.uint16();
    if (length === 0) return '';
    const at = this.#take(length);
    const text = this.#bytes.toString('utf8', at, at + length);
    // Node puts U+FFFD where the bytes are no UTF-8; only a text that has one needs the slower, strict look.
    if (text.includes('\ufffd')) this.#checkUtf8(at, length);
    return text;
  }

  key(): Key {
    const text = this.text();
    try {
      return parseKey(text);
    } catch (cause) {
      throw new CodecError('a key is not valid', { cause });
    }
  }

  /** An operation id. Any 24 bytes have the shape of one; the HMAC is not looked at. */
  id(): OperationId {
    const at = this.#take(idBytes);
    return this.#bytes.toString('base64url', at, at + idBytes) as OperationId;
  }

  /** The ids of `count` operations that stand one after the other. */
  ids(count: number): OperationId[] {
    const ids: OperationId[] = [];
    for (let index = 0; index < count; index += 1) ids.push(this.id());
    return ids;
  }

  value(): Uint8Array {
    const length = this.uint32();
    const at = this.#take(length);
    const view = new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
    return this.#values === 'copy' ? view.slice() : view;
  }

  /** Nothing may follow the message. */
  finish(): void {
    if (this.remaining !== 0) throw new CodecError('bytes follow the end of the message');
  }

  #uint32At(at: number): number {
    const bytes = this.#bytes;
    const low = ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
    return (bytes[at] as number) * 0x100_0000 + low;
  }

  #checkUtf8(at: number, length: number): void {
    try {
      strictUtf8.decode(this.#bytes.subarray(at, at + length));
    } catch (cause) {
      throw new CodecError('a text is not valid UTF-8', { cause });
    }
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw new CodecError('the message is cut off');
    this.#at = at + length;
    return at;
  }
}
