import { createHash } from 'node:crypto';

/** What a dead letter is called on the command line: twelve hexadecimal digits of its body's SHA-256. */
export function letterName(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex').slice(0, 12);
}
