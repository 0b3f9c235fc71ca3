import type { Idempotency } from '../idempotency.ts';
import { type Key, parseKey } from '../key.ts';
import type { DeleteOperation, PutOperation, SettleMarker } from '../operation.ts';
import { type OperationId, OperationIds } from '../operation-id.ts';
import { defaultPartitionCount, partitionOf } from '../partition.ts';

const ids = new OperationIds([Buffer.from('the secret of the tests')]);

/** A key that falls into a partition of a new installation: the stem, with a number behind it. */
export function keyIn(partition: number, stem = 'key'): Key {
  for (let number = 0; ; number += 1) {
    const key = parseKey(`${stem}-${number}`);
    if (partitionOf(key, defaultPartitionCount) === partition) return key;
  }
}

/** A new operation id in a key's partition, made `ageMs` milliseconds ago. */
export function newId(key: string, ageMs = 0): OperationId {
  return ids.create(partitionOf(parseKey(key), defaultPartitionCount), Date.now() - ageMs);
}

/** A put with a new id. The key is text, the value bytes or text. */
export function putOf(
  key: string,
  value: string | Uint8Array,
  members: Partial<Omit<PutOperation, 'key' | 'value'>> = {},
): PutOperation {
  return {
    action: 'put',
    id: newId(key),
    key: parseKey(key),
    value: new Uint8Array(Buffer.from(value)),
    contentType: 'text/plain',
    meta: [],
    ttlSeconds: undefined,
    condition: undefined,
    idempotency: undefined,
    replyTo: undefined,
    traceId: undefined,
    ...members,
  };
}

/** A delete with a new id. */
export function deleteOf(key: string, members: Partial<Omit<DeleteOperation, 'key'>> = {}): DeleteOperation {
  return {
    action: 'delete',
    id: newId(key),
    key: parseKey(key),
    condition: undefined,
    idempotency: undefined,
    replyTo: undefined,
    traceId: undefined,
    ...members,
  };
}

/** A marker that settles an operation as never accepted. */
export function settleOf(id: OperationId): SettleMarker {
  return { action: 'settle', id, code: 'not-accepted', replyTo: undefined };
}

/** What ties attempts together: texts stand for the hashes. */
export function idempotencyOf(identity: string, fingerprint = 'the request'): Idempotency {
  const base64url = (text: string) => Buffer.from(text).toString('base64url');
  return { identity: base64url(identity), fingerprint: base64url(fingerprint) };
}
