import type { Call, Request, Result } from '../history/call.ts';
import { Connection, type Exchange, type Patience } from './connection.ts';
import { readAnswer } from './read-answer.ts';
import { formOf } from './request-form.ts';

/** Numbers the calls of all clients and hands each on when it has ended. */
export class Recorder {
  readonly #url: string;
  readonly #keep: (call: Call) => void;
  #numbers = 0;

  /** @param keep gets each call once, in the order in which they end */
  constructor(url: string, keep: (call: Call) => void) {
    this.#url = url;
    this.#keep = keep;
  }

  /** A client with a connection of its own. */
  client(name: string): RecordedClient {
    const connection = new Connection(this.#url);
    return new RecordedClient(
      name,
      connection,
      () => {
        this.#numbers += 1;
        return this.#numbers;
      },
      this.#keep,
    );
  }
}

/** A client of which every call is noted. */
export class RecordedClient {
  readonly name: string;
  readonly #connection: Connection;
  readonly #next: () => number;
  readonly #keep: (call: Call) => void;

  constructor(name: string, connection: Connection, next: () => number, keep: (call: Call) => void) {
    this.name = name;
    this.#connection = connection;
    this.#next = next;
    this.#keep = keep;
  }

  /** Sends a request, once. @throws UnreadableAnswer */
  async send<Sent extends Request>(request: Sent, patience: Patience): Promise<Call<Sent>> {
    const number = this.#next();
    const form = formOf(request);
    const startedAt = performance.now();
    const exchange = await this.#connection.exchange(form, patience);
    const endedAt = performance.now();
    const call = { number, client: this.name, request, startedAt, endedAt, result: resultOf(request, exchange) };
    this.#keep(call);
    return call;
  }

  close(): void {
    this.#connection.close();
  }
}

function resultOf(request: Request, exchange: Exchange): Result {
  if (exchange.kind === 'lost') return exchange;
  return { kind: 'answer', answer: readAnswer(request, exchange.answer) };
}
