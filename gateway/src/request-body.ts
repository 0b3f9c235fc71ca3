import type { IncomingMessage, ServerResponse } from 'node:http';
import { StrataError } from '@stratakv/core';

/**
 * Bytes a body says it has; undefined for a chunked one.
 *
 * @throws StrataError `unsupported-encoding` for a transfer coding but chunked; `length-required` without length and chunking: `curl -X PUT` without a body must not erase a
 * value; `value-too-large`, before any of it is read
 */
export function declaredLength({ headers }: IncomingMessage, maxBytes: number): number | undefined {
  const length = headers['content-length'];
  if (length === undefined) {
    const coding = headers['transfer-encoding'];
    if (coding?.toLowerCase() === 'chunked') return undefined;
    if (coding !== undefined) {
      throw new StrataError('unsupported-encoding', 'Transfer-Encoding may only be chunked: nothing is decoded here.');
    }
    throw new StrataError(
      'length-required',
      'Send Content-Length or a chunked body; --data-binary "" for an empty one.',
    );
  }
  const bytes = Number(length);
  if (bytes > maxBytes) throw tooLarge(maxBytes);
  return bytes;
}

/**
 * Reads a body. A client that waits for `100 Continue` gets it here, after everything else was found to be in order
 * (RFC 9110 §10.1.1).
 *
 * @throws StrataError `value-too-large`; `invalid-header` when the body ends before its length
 */
export function readBody(request: IncomingMessage, response: ServerResponse, maxBytes: number): Promise<Buffer> {
  // HTTP/1.0 has no 1xx answers.
  if (request.headers.expect !== undefined && request.httpVersion === '1.1') response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else refuse();
    });
    request.on('end', () => resolve(join(chunks, bytes)));
    request.on('error', () => reject(new StrataError('invalid-header', 'The body ended before its length.')));

    function refuse() {
      request.removeAllListeners('data').removeAllListeners('end');
      chunks.length = 0;
      request.resume();
      reject(tooLarge(maxBytes));
    }
  });
}

/** The bytes in memory of their own: a chunk is a slice of a larger buffer, which a cached value would keep alive. */
function join(chunks: readonly Buffer[], bytes: number): Buffer {
  const body = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function tooLarge(maxBytes: number): StrataError {
  return new StrataError('value-too-large', `A value has at most ${maxBytes} bytes.`);
}
