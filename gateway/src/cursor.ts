import { createHmac, timingSafeEqual } from 'node:crypto';
import { type ScanPosition, StrataError } from '@stratakv/core';

/** The list a cursor belongs to. */
export interface CursorScope {
  readonly prefix: string;
  readonly delimiter: string | undefined;
}

const format = 1;
const macBytes = 8;
const headBytes = 2 + macBytes;

/**
 * A page's end as opaque text, base64url over: format, whether the position is a folded prefix, HMAC, position. It
 * names a place in the order of keys, not in a snapshot, so it holds over restarts and writes.
 */
export function encodeCursor(secret: Uint8Array, scope: CursorScope, position: ScanPosition): string {
  const text = Buffer.from(position.text);
  const head = Buffer.from([format, Number(position.isPrefix)]);
  return Buffer.concat([head, sign(secret, scope, position), text]).toString('base64url');
}

/**
 * Reads a cursor of the same list.
 *
 * @throws StrataError `invalid-cursor`
 */
export function decodeCursor(secret: Uint8Array, scope: CursorScope, cursor: string): ScanPosition {
  const bytes = Buffer.from(cursor, 'base64url');
  const isWhole = bytes.toString('base64url') === cursor && bytes.length > headBytes && bytes[0] === format;
  if (!isWhole) throw invalid();
  const position = { text: bytes.subarray(headBytes).toString(), isPrefix: bytes[1] === 1 };
  if (!timingSafeEqual(bytes.subarray(2, headBytes), sign(secret, scope, position))) throw invalid();
  return position;
}

function sign(secret: Uint8Array, { prefix, delimiter }: CursorScope, position: ScanPosition): Buffer {
  return createHmac('sha256', secret)
    .update(JSON.stringify(['cursor', format, prefix, delimiter ?? null, position.isPrefix, position.text]))
    .digest()
    .subarray(0, macBytes);
}

function invalid(): StrataError {
  return new StrataError(
    'invalid-cursor',
    'A cursor comes from the "next" of a page with the same prefix and delimiter.',
  );
}
