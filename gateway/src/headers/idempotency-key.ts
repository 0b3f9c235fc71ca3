import { StrataError } from '@stratakv/core';

export const idempotencyKeyHeader = {
  name: 'Idempotency-Key',
  schema: { type: 'string', pattern: '^"?[\\x21-\\x7e]{1,255}"?$' },
  description: 'Ties attempts at the same write together: it is applied once. Quoted and bare mean the same.',
};

const shape = /^[\x21-\x7e]{1,255}$/;

/**
 * The Idempotency-Key of a write, without quotes: quoted, as the draft wants it (draft-ietf-httpapi-idempotency-key-07),
 * and bare mean the same.
 *
 * @throws StrataError `invalid-header`
 */
export function parseIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header);
  const isQuoted = text.length >= 2 && text.startsWith('"') && text.endsWith('"');
  const key = isQuoted ? text.slice(1, -1).replace(/\\(["\\])/g, '$1') : text;
  if (!shape.test(key)) {
    throw new StrataError('invalid-header', 'Idempotency-Key is 1 to 255 visible ASCII characters.');
  }
  return key;
}
