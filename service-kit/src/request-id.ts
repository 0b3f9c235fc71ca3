import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const acceptable = /^[\x21-\x7e]{1,128}$/;

/** Where request ids come from. */
export interface RequestIds {
  /** The id the client sent in X-Request-Id if it is 1 to 128 visible ASCII characters, else a new one. */
  of(request: IncomingMessage): string;
  next(): string;
}

/** Ids are a random prefix of the process and a counter: unique without a random number a request. */
export function createRequestIds(): RequestIds {
  const prefix = `${randomBytes(9).toString('base64url')}-`;
  let count = 0;
  const next = () => {
    count += 1;
    return prefix + count.toString(36);
  };
  return {
    next,
    of: (request) => {
      const sent = request.headers['x-request-id'];
      return typeof sent === 'string' && acceptable.test(sent) ? sent : next();
    },
  };
}
