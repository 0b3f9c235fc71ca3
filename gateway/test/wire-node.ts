import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  decodeReadRequest,
  encodeReadFrame,
  type IndexedAnswer,
  type LeveledAnswer,
  type LeveledRead,
} from '@stratakv/core';

/** How a node treats a batch of reads: writes frames with `send`, then ends, or does something worse. */
export type Behaviour = (reads: readonly LeveledRead[], answer: BatchAnswer) => void | Promise<void>;

export interface BatchAnswer {
  send(answers: readonly IndexedAnswer[]): void;
  end(): void;
  /** Cuts the connection in the middle. */
  cut(): void;
  problem(status: number, code: string): void;
}

/** The text of each key's name, as its entry. */
export const echo: Behaviour = (reads, answer) => {
  answer.send(reads.map(({ key }, index) => ({ index, answer: found(key) })));
  answer.end();
};

export function found(text: string): LeveledAnswer {
  const value = new Uint8Array(Buffer.from(text));
  const entry = { key: text, value, contentType: 'text/plain', meta: [], version: 1, modifiedAt: 0 };
  const cacheStatus = { forwarded: undefined, ttlMs: undefined, isStored: false, isCollapsed: false } as const;
  // The names of the tests are valid keys.
  return { kind: 'found', entry: { ...entry, expiresAt: undefined } as never, ageMs: 0, cacheStatus };
}

/** An HTTP server that speaks the wire of a storage node and misbehaves as told. */
export class WireNode {
  behaviour: Behaviour = echo;
  /** Keys of each batch it got. */
  readonly batches: string[][] = [];
  isReady = true;
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #sockets = new Set<Socket>();

  async listen(port = 0): Promise<this> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url === '/readyz') {
      const checks = { database: { status: this.isReady ? 'ok' : 'failed' } };
      response.writeHead(this.isReady ? 200 : 503).end(JSON.stringify({ checks }));
      return;
    }
    if (request.url === '/healthz') {
      response.end('{}');
      return;
    }
    const { reads } = decodeReadRequest(Buffer.concat(chunks), 1000);
    this.batches.push(reads.map(({ key }) => key));
    await this.behaviour(reads, {
      send: (answers) => void response.write(encodeReadFrame(answers)),
      end: () => void response.end(),
      cut: () => void response.destroy(),
      problem: (status, code) => {
        response.writeHead(status, { 'content-type': 'application/problem+json' });
        response.end(JSON.stringify({ type: `urn:stratakv:problem:${code}`, detail: 'as the test says' }));
      },
    });
  }
}
