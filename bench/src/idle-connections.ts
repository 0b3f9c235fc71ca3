import { readFileSync } from 'node:fs';
import { entryKey } from './dataset.ts';
import { HttpConnection } from './http-connection.ts';

/** Connections that are opened together; more at once would wait in the server's queue for new ones. */
const together = 200;
/** Descriptors that the rest needs. */
const spare = 500;

/** Connections that have asked once and then stay silent. */
export class IdleConnections {
  readonly #connections: readonly HttpConnection[];
  readonly #port: number;

  private constructor(port: number, connections: readonly HttpConnection[]) {
    this.#port = port;
    this.#connections = connections;
  }

  /** @throws Error when one is refused, or this process may not have so many */
  static async open(port: number, count: number): Promise<IdleConnections> {
    checkLimit(count);
    const connections: HttpConnection[] = [];
    while (connections.length < count) {
      const more = Array.from(
        { length: Math.min(together, count - connections.length) },
        () => new HttpConnection(port),
      );
      connections.push(...more);
      await Promise.all(more.map((each) => ask(each, port)));
    }
    return new IdleConnections(port, connections);
  }

  /** How many still answer. */
  async answering(): Promise<number> {
    let answered = 0;
    for (let first = 0; first < this.#connections.length; first += together) {
      const some = this.#connections.slice(first, first + together);
      const results = await Promise.allSettled(some.map((each) => ask(each, this.#port)));
      answered += results.filter(({ status }) => status === 'fulfilled').length;
    }
    return answered;
  }

  close(): void {
    for (const each of this.#connections) each.close();
  }
}

function ask(connection: HttpConnection, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const head = `GET /kv/${entryKey(0)} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`;
  connection.send(head, undefined, (error, answer) => {
    if (answer?.status === 200) resolve();
    else reject(error ?? new Error(`an idle connection was answered ${answer?.status}`));
  });
  return promise;
}

function checkLimit(count: number): void {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (Number(soft) >= count + spare) return;
  throw new Error(`${count} connections need \`ulimit -n ${count + spare}\`; here it is ${soft}`);
}
