/*
 * Arrays in PostgreSQL's binary form (`array_send` in its source, src/backend/utils/adt/arrayfuncs.c; CockroachDB reads
 * the same). pg writes arrays as text, bytes as two hex digits each and again escaped: at values of 1 MiB that is the
 * largest cost of a batch, and twice the bytes towards CockroachDB's limit on a message.
 *
 * A statement must cast such a parameter to its array type, for instance `$1::bytea[]`.
 */

// Object identifiers of the element types (pg_type.dat).
const oids = { bool: 16, bytea: 17, int8: 20, text: 25 };
const headerBytes = 20;

export function byteaArray(items: readonly (Uint8Array | null)[]): Buffer {
  const bytes = items.reduce((sum, item) => sum + 4 + (item?.byteLength ?? 0), 0);
  const array = start(oids.bytea, items, bytes);
  let at = headerBytes;
  for (const item of items) {
    at = array.writeInt32BE(item?.byteLength ?? -1, at);
    if (item === null) continue;
    array.set(item, at);
    at += item.byteLength;
  }
  return array;
}

export function textArray(items: readonly (string | null)[]): Buffer {
  const bytes = items.reduce((sum, item) => sum + 4 + (item === null ? 0 : Buffer.byteLength(item)), 0);
  const array = start(oids.text, items, bytes);
  let at = headerBytes;
  for (const item of items) {
    const length = item === null ? 0 : array.write(item, at + 4);
    array.writeInt32BE(item === null ? -1 : length, at);
    at += 4 + length;
  }
  return array;
}

/** @param items whole numbers; safe integers, since others cannot be whole */
export function int8Array(items: readonly (number | null)[]): Buffer {
  const bytes = items.reduce((sum: number, item) => sum + (item === null ? 4 : 12), 0);
  const array = start(oids.int8, items, bytes);
  let at = headerBytes;
  for (const item of items) {
    at = array.writeInt32BE(item === null ? -1 : 8, at);
    if (item === null) continue;
    at = array.writeInt32BE(Math.floor(item / 2 ** 32), at);
    at = array.writeUInt32BE((item % 2 ** 32) >>> 0, at);
  }
  return array;
}

export function boolArray(items: readonly (boolean | null)[]): Buffer {
  const bytes = items.reduce((sum: number, item) => sum + (item === null ? 4 : 5), 0);
  const array = start(oids.bool, items, bytes);
  let at = headerBytes;
  for (const item of items) {
    at = array.writeInt32BE(item === null ? -1 : 1, at);
    if (item !== null) at = array.writeUInt8(item ? 1 : 0, at);
  }
  return array;
}

function start(oid: number, items: readonly unknown[], bytes: number): Buffer {
  const isEmpty = items.length === 0;
  const array = Buffer.allocUnsafe(isEmpty ? 12 : headerBytes + bytes);
  array.writeInt32BE(isEmpty ? 0 : 1, 0);
  array.writeInt32BE(items.includes(null) ? 1 : 0, 4);
  array.writeInt32BE(oid, 8);
  if (isEmpty) return array;
  array.writeInt32BE(items.length, 12);
  array.writeInt32BE(1, 16);
  return array;
}
