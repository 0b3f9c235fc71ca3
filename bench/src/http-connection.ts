import { connect, type Socket } from 'node:net';

export interface HttpAnswer {
  readonly status: number;
  /** Status line and headers, each line with its CRLF. */
  readonly head: string;
  /** Valid until the next answer comes. */
  readonly body: Buffer;
}

/** Called for each answer; an error ends the connection. */
export type OnAnswer = (error: Error | undefined, answer: HttpAnswer | undefined) => void;

const headEnd = '\r\n\r\n';
const contentLength = /\r\ncontent-length: *(\d+)\r\n/i;

/**
 * One kept-alive connection, one request at a time. It knows just enough of HTTP/1.1 to tell where an answer ends, and
 * costs a quarter of what an HTTP client library does: the generator shares the machine with what it measures.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #onAnswer: OnAnswer | undefined;
  #parts: Buffer[] = [];
  #received = 0;
  /** Bytes that must be there before it is worth looking again. */
  #needed = 0;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.on('close', () => this.#end(new Error('the server closed the connection')));
  }

  /** Whether an answer is waited for. */
  get isBusy(): boolean {
    return this.#onAnswer !== undefined;
  }

  /** @param head request line and headers, with the empty line */
  send(head: string, body: Buffer | undefined, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    if (body === undefined) {
      this.#socket.write(head, 'latin1');
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, 'latin1');
    this.#socket.write(body);
    this.#socket.uncork();
  }

  close(): void {
    this.#onAnswer = undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#received < this.#needed) {
      this.#parts.push(chunk);
      return;
    }
    const bytes = this.#parts.length === 0 ? chunk : Buffer.concat([...this.#parts, chunk]);
    const end = bytes.indexOf(headEnd);
    if (end < 0) {
      this.#keep(bytes, bytes.length + 1);
      return;
    }
    const head = bytes.toString('latin1', 0, end + 2);
    const status = Number(head.slice(9, 12));
    const bodyLength = bodyLengthOf(status, head);
    const total = end + headEnd.length + (bodyLength ?? 0);
    if (bytes.length < total) {
      this.#keep(bytes, total);
      return;
    }
    this.#parts = [];
    this.#received = 0;
    this.#needed = 0;
    if (bodyLength === undefined) this.#end(new Error('an answer came without Content-Length'));
    else if (bytes.length > total) this.#end(new Error('more came than the answer to the request'));
    else this.#deliver({ status, head, body: bytes.subarray(end + headEnd.length) });
  }

  #keep(bytes: Buffer, needed: number): void {
    this.#parts = [bytes];
    this.#needed = needed;
  }

  #deliver(answer: HttpAnswer): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    onAnswer?.(undefined, answer);
  }

  #end(error: Error): void {
    const onAnswer = this.#onAnswer;
    this.#onAnswer = undefined;
    this.#socket.destroy();
    onAnswer?.(error, undefined);
  }
}

function bodyLengthOf(status: number, head: string): number | undefined {
  if (status === 204 || status === 304) return 0;
  const length = contentLength.exec(head)?.[1];
  return length === undefined ? undefined : Number(length);
}
