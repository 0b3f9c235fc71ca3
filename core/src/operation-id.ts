import { createHmac, createSecretKey, type KeyObject, randomFillSync, timingSafeEqual } from 'node:crypto';

declare const operationIdBrand: unique symbol;

/**
 * Names one attempt at a write. 32 characters of base64url over 24 bytes: 6 of time (milliseconds since 1970),
 * 2 of partition, 8 random, 8 of HMAC-SHA-256 over the rest. So any gateway tells "ours" from "not ours" without
 * storing anything.
 */
export type OperationId = string & { readonly [operationIdBrand]: true };

/** What an operation's id says about it. */
export interface OperationIdParts {
  readonly id: OperationId;
  /** When the attempt was made, milliseconds since 1970 by the gateway's clock. */
  readonly createdAt: number;
  readonly partition: number;
}

const idBytes = 24;
const signedBytes = 16;
const randomBytes = 8;
const shape = /^[A-Za-z0-9_-]{32}$/;

/** Makes and recognises operation ids. */
export class OperationIds {
  // Key objects, made once: from bytes, each HMAC would make one anew, which costs five times the HMAC itself.
  readonly #secrets: readonly KeyObject[];
  readonly #random = new Uint8Array(512 * randomBytes);
  #randomUsed = this.#random.length;

  /**
   * @param secrets the secret that signs new ids, then those still recognised; each at least 16 bytes
   * @throws RangeError when there is none or one is too short
   */
  constructor(secrets: readonly Uint8Array[]) {
    if (secrets.length === 0 || secrets.some((secret) => secret.length < 16)) {
      throw new RangeError('operation ids need a secret of at least 16 bytes');
    }
    this.#secrets = secrets.map((secret) => createSecretKey(secret));
  }

  /** A new id. `nowMs` is milliseconds since 1970; `partition` fits 16 bits. */
  create(partition: number, nowMs: number): OperationId {
    const bytes = Buffer.allocUnsafe(idBytes);
    bytes.writeUIntBE(nowMs, 0, 6);
    bytes.writeUInt16BE(partition, 6);
    this.#fillRandom(bytes);
    bytes.set(sign(this.#secrets[0] as KeyObject, bytes), signedBytes);
    return bytes.toString('base64url') as OperationId;
  }

  /** Reads an id; undefined when it is not one of ours. */
  parse(text: string): OperationIdParts | undefined {
    if (!shape.test(text)) return undefined;
    const bytes = Buffer.from(text, 'base64url');
    const mac = bytes.subarray(signedBytes);
    if (!this.#secrets.some((secret) => timingSafeEqual(sign(secret, bytes), mac))) return undefined;
    return { id: text as OperationId, createdAt: bytes.readUIntBE(0, 6), partition: bytes.readUInt16BE(6) };
  }

  #fillRandom(bytes: Buffer): void {
    if (this.#randomUsed === this.#random.length) {
      randomFillSync(this.#random);
      this.#randomUsed = 0;
    }
    bytes.set(this.#random.subarray(this.#randomUsed, this.#randomUsed + randomBytes), signedBytes - randomBytes);
    this.#randomUsed += randomBytes;
  }
}

/**
 * When an id was made, milliseconds since 1970. For ids that came from inside (queue, database): the HMAC is not
 * looked at, and the time of a text that is no id means nothing.
 */
export function operationCreatedAt(id: OperationId): number {
  return Buffer.from(id.slice(0, 8), 'base64url').readUIntBE(0, 6);
}

/** The partition in an id that came from inside. */
export function operationPartition(id: OperationId): number {
  return Buffer.from(id.slice(8, 12), 'base64url').readUInt16BE(0);
}

function sign(secret: KeyObject, bytes: Uint8Array): Uint8Array {
  return createHmac('sha256', secret)
    .update(bytes.subarray(0, signedBytes))
    .digest()
    .subarray(0, idBytes - signedBytes);
}
