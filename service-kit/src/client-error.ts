import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { StrataError } from '@stratakv/core';
import { problemAnswer } from './problem.ts';

/** Errors below HTTP have statuses that the problem table has no row for. */
const parserProblems: Readonly<Record<string, { readonly status: number; readonly detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The request line and headers are too large.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'The chunk extensions are too large.' },
  HPE_INVALID_URL: { status: 400, detail: 'The path or query holds a byte that must be percent-encoded.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time.' },
};

const malformed = { status: 400, detail: 'The request is not valid HTTP/1.1.' };

/** How long the rest of a refused request is read and dropped, so that the answer is not lost in a reset. */
const lingerMs = 1000;

/**
 * Answers what Node could not parse: 431 headers too large, 408 too slow, else 400. The connection ends after it.
 *
 * @param nextRequestId ids for requests that have no headers to take one from
 */
export function answerClientError(error: Error, socket: Socket, nextRequestId: () => string): void {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ECONNRESET' || !socket.writable || isMidAnswer(socket)) {
    socket.destroy();
    return;
  }
  const { status, detail } = parserProblems[code] ?? malformed;
  const answer = problemAnswer(new StrataError('invalid-header', detail), nextRequestId(), status);
  const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head =
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers.join('')}` +
    `date: ${new Date().toUTCString()}\r\ncontent-length: ${answer.body.length}\r\nconnection: close\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, 'latin1'), answer.body]));
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/** Whether bytes of an answer are out already: a second status line would be taken for part of the first body. */
function isMidAnswer(socket: Socket): boolean {
  // Node keeps the answer in progress here and asks the same before its own default reply; there is no public name.
  const message: unknown = '_httpMessage' in socket ? socket._httpMessage : undefined;
  return typeof message === 'object' && message !== null && 'headersSent' in message && message.headersSent === true;
}
