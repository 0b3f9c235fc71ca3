import { createHash, createHmac } from 'node:crypto';
import type { Condition } from './condition.ts';
import type { Meta } from './entry.ts';
import type { Key } from './key.ts';

/** Ties an attempt to the other attempts at the same write, made with the same Idempotency-Key. */
export interface Idempotency {
  /** HMAC of caller, key and Idempotency-Key, base64url: equal for all attempts at one write. */
  readonly identity: string;
  /** Hash of all that makes the request what it is, base64url: equal when the same thing is asked for. */
  readonly fingerprint: string;
}

/** The parts of a write that an Idempotency-Key must not be reused across. Trace headers and Prefer are not among them. */
export interface FingerprintedWrite {
  readonly action: 'put' | 'delete';
  readonly key: Key;
  readonly value: Uint8Array;
  readonly contentType: string;
  readonly meta: Meta;
  readonly condition: Condition | undefined;
  readonly ttlSeconds: number | undefined;
}

/** The identity of a write. `caller` is empty as long as there is no authentication. */
export function idempotencyIdentity(secret: Uint8Array, caller: string, key: Key, idempotencyKey: string): string {
  return createHmac('sha256', secret)
    .update(JSON.stringify([caller, key, idempotencyKey]))
    .digest('base64url');
}

/** The fingerprint of a write. */
export function idempotencyFingerprint(write: FingerprintedWrite): string {
  const { action, key, contentType, meta, condition, ttlSeconds } = write;
  return createHash('sha256')
    .update(JSON.stringify([action, key, contentType, meta, condition ?? null, ttlSeconds ?? null]))
    .update('\0')
    .update(write.value)
    .digest('base64url');
}
