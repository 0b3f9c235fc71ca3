import { StrataError } from './errors.ts';

declare const keyBrand: unique symbol;

/** A valid key: 1 to 512 bytes of UTF-8, no control characters, no empty, `.` or `..` segment. */
export type Key = string & { readonly [keyBrand]: true };

export const maxKeyBytes = 512;

const controlCharacter = /\p{Cc}/u;
const unusableSegment = /(?:^|\/)\.{0,2}(?:\/|$)/;
const beyondAscii = /[^\0-\x7f]/;
const beyondBytes = /[^\0-\xff]/;
const rawByte = /[\x80-\xff]/g;

/**
 * Checks a key that is already text. The text is the key: nothing is normalised, so two texts are never one key.
 *
 * @throws StrataError `invalid-key` or `key-too-long`
 */
export function parseKey(text: string): Key {
  if (text === '') throw invalid('A key has at least one byte.');
  if (!text.isWellFormed()) throw invalid('A key is valid UTF-8; this one holds an unpaired surrogate.');
  if (isTooLong(text)) throw new StrataError('key-too-long', `A key has at most ${maxKeyBytes} bytes of UTF-8.`);
  if (controlCharacter.test(text)) throw invalid('A key holds no control characters.');
  if (unusableSegment.test(text)) {
    throw invalid('A key has no empty, "." or ".." segment, so it neither starts nor ends with a slash.');
  }
  return text as Key;
}

/**
 * Reads a key from the path of a request: what follows `/kv/`, percent-decoded once (RFC 3986 §2.1).
 *
 * @param path the bytes of the request line as Node gives them, one character a byte
 * @throws StrataError `invalid-key` or `key-too-long`
 */
export function parseKeyPath(path: string): Key {
  // A key of 512 bytes takes at most three characters a byte: no more than that is ever decoded.
  if (path.length > 3 * maxKeyBytes) {
    throw new StrataError('key-too-long', `A key has at most ${maxKeyBytes} bytes of UTF-8.`);
  }
  return parseKey(decodePercent(path));
}

/**
 * Percent-decodes once and reads the bytes as strict UTF-8 (overlong forms and surrogates are refused, a byte order
 * mark is kept).
 *
 * @throws StrataError `invalid-key`
 */
function decodePercent(path: string): string {
  if (!path.includes('%') && !beyondAscii.test(path)) return path;
  if (beyondBytes.test(path)) throw invalid('A path holds bytes, one character a byte.');
  try {
    // A character may come partly raw and partly percent-encoded, so the raw bytes are encoded before all is decoded.
    return decodeURIComponent(path.replaceAll(rawByte, (byte) => `%${byte.charCodeAt(0).toString(16)}`));
  } catch (cause) {
    throw invalid('The bytes of the key, percent-decoded, are not valid UTF-8.', cause);
  }
}

/** The path of an entry, such as `/kv/cities/lisbon`, ready for a link: slashes stay, the rest is encoded. */
export function keyPath(key: Key): string {
  return `/kv/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** Orders keys by their UTF-8 bytes, as every store does. Negative, zero or positive. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isTooLong(text: string): boolean {
  return text.length * 3 > maxKeyBytes && Buffer.byteLength(text) > maxKeyBytes;
}

function invalid(detail: string, cause?: unknown): StrataError {
  return new StrataError('invalid-key', detail, { cause });
}
