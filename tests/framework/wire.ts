import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Answer } from './answer.ts';

const quietAfterMs = 10_000;

/** A connection that sends the bytes it is given, valid HTTP or not. */
export class Wire {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isEnded = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    socket.on('close', () => {
      this.#isEnded = true;
    });
    // A server that refuses a request may close before it has read all of it: the answer is what counts.
    socket.on('error', () => {});
  }

  static async open(url: string): Promise<Wire> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    return new Wire(socket);
  }

  /** Text is sent as UTF-8. Returns when the bytes have left, or cannot leave because the connection is closed. */
  async write(bytes: Uint8Array | string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.write(bytes, () => resolve());
    await promise;
  }

  /** All that has arrived since the last answer was taken. */
  get pending(): string {
    return this.#received.toString('latin1');
  }

  /** Whether the server has closed the connection. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Waits for the next whole answer, interim ones (100) included, and takes it.
   *
   * @throws Error when the connection ends or stays quiet without one
   */
  async answer(): Promise<Answer> {
    const deadline = Date.now() + quietAfterMs;
    for (;;) {
      const parsed = parseAnswer(this.#received, this.#isEnded);
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.length);
        return parsed.answer;
      }
      if (this.#isEnded) throw new Error(`the connection ended without an answer; received: ${this.pending}`);
      if (Date.now() > deadline) throw new Error(`no answer in ${quietAfterMs} ms; received: ${this.pending}`);
      await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'close'), after(250)]);
    }
  }

  /** Waits until the server closes the connection. */
  async ended(): Promise<void> {
    if (!this.#isEnded) await once(this.#socket, 'close');
  }

  /** Cuts the connection, as a client that dies does. */
  cut(): void {
    this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Sends bytes over a connection of its own and gives the first answer. */
export async function rawExchange(url: string, bytes: Uint8Array | string): Promise<Answer> {
  const wire = await Wire.open(url);
  try {
    await wire.write(bytes);
    return await wire.answer();
  } finally {
    wire.close();
  }
}

/** Joins the lines of a request head, with the empty line that ends it. */
export function requestHead(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

interface Parsed {
  readonly answer: Answer;
  /** Bytes the answer took. */
  readonly length: number;
}

function parseAnswer(bytes: Buffer, isEnded: boolean): Parsed | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [statusLine = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
  const rawHeaders = lines.flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const head = new Answer(status, rawHeaders, Buffer.alloc(0));
  const start = headEnd + 4;
  const end = bodyEnd(head, bytes, start, isEnded);
  if (end === undefined) return undefined;
  return { answer: new Answer(status, rawHeaders, bytes.subarray(start, end)), length: end };
}

function bodyEnd(head: Answer, bytes: Buffer, start: number, isEnded: boolean): number | undefined {
  if (head.status < 200 || head.status === 204 || head.status === 304) return start;
  const length = head.header('content-length');
  if (length === undefined) return isEnded ? bytes.length : undefined;
  const end = start + Number(length);
  return bytes.length >= end ? end : undefined;
}

async function after(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}
