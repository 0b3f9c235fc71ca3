import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What a proxy does with bytes on their way; `drop` also cuts the connection they came by. */
export type Verdict = 'pass' | 'hold' | 'drop';

/** A network in between that can be told to fail: 127.0.0.1 on a port of its own, towards another port. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #release: (() => void)[] = [];
  /** Judges what the client sends, and what the server answers. */
  onRequest: (bytes: Buffer) => Verdict = () => 'pass';
  onAnswer: (bytes: Buffer) => Verdict = () => 'pass';
  /** Connections taken so far. */
  accepted = 0;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      this.accepted += 1;
      const server = connect(port, '127.0.0.1');
      this.#pipe(client, server, (bytes) => this.onRequest(bytes));
      this.#pipe(server, client, (bytes) => this.onAnswer(bytes));
    });
  }

  static async start(port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(port);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Passes on what was held, and what comes later. */
  release(): void {
    this.onRequest = this.onAnswer = () => 'pass';
    for (const pass of this.#release.splice(0)) pass();
  }

  /** Cuts all connections and takes no new ones. */
  async close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pipe(from: Socket, to: Socket, judge: (bytes: Buffer) => Verdict): void {
    let held: Buffer[] | undefined;
    const pass = () => {
      for (const bytes of held ?? []) to.write(bytes);
      held = undefined;
    };
    this.#sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      const verdict = held === undefined ? judge(bytes) : 'hold';
      if (verdict === 'pass') to.write(bytes);
      else if (verdict === 'drop') {
        from.destroy();
        to.destroy();
      } else {
        if (held === undefined) this.#release.push(pass);
        held = [...(held ?? []), bytes];
      }
    });
    from.on('error', () => {});
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
