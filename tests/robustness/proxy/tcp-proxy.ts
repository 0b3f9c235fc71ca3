import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { Pipe } from './pipe.ts';
import type { Trouble } from './trouble.ts';

const host = '127.0.0.1';

/** What a proxy has done so far. */
export interface ProxyCounts {
  /** Connections taken. */
  readonly taken: number;
  /** Connections reset, half-closed or held by a trouble. */
  readonly troubled: number;
  /** Bytes that a trouble kept back or made late. */
  readonly troubledBytes: number;
}

/** A connection that is there: who came, and where it leads. */
interface Link {
  readonly near: Socket;
  /** Absent while a black hole keeps it from being made. */
  far: Socket | undefined;
  pipes: readonly Pipe[];
}

/** Stands between a client and a server on this machine, passes on what they say, and gets in the way when it is told to. */
export class TcpProxy {
  readonly #server: Server;
  readonly #targetPort: () => number;
  readonly #links = new Set<Link>();
  #trouble: Trouble | undefined;
  #taken = 0;
  #troubled = 0;
  #pastBytes = 0;

  private constructor(server: Server, targetPort: () => number) {
    this.#server = server;
    this.#targetPort = targetPort;
    server.on('connection', (near) => this.#take(near));
  }

  /** Listens on a free port. @param targetPort asked at each connection */
  static async listen(targetPort: () => number): Promise<TcpProxy> {
    // An end goes on to the other side, which may still have something to say.
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    server.listen(0, host);
    await once(server, 'listening');
    return new TcpProxy(server, targetPort);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections there are. */
  get open(): number {
    return this.#links.size;
  }

  get counts(): ProxyCounts {
    const now = [...this.#links].reduce((sum, link) => sum + troubledBytesOf(link), 0);
    return { taken: this.#taken, troubled: this.#troubled, troubledBytes: this.#pastBytes + now };
  }

  /** From now on, until another one or `heal`. */
  trouble(trouble: Trouble): void {
    this.#change(trouble);
  }

  heal(): void {
    this.#change(undefined);
  }

  async close(): Promise<void> {
    for (const link of this.#links) this.#reset(link);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #change(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
    for (const link of [...this.#links]) {
      if (trouble !== undefined) this.#troubled += 1;
      // Who left during a black hole is missed now.
      const hasLeft = [link.near, link.far].some((socket) => socket?.destroyed && !hasEndedWell(socket));
      if (trouble?.kind === 'cut' || (hasLeft && trouble?.kind !== 'black-hole')) this.#reset(link);
      else if (link.far === undefined) this.#lead(link);
      for (const pipe of link.pipes) pipe.change(trouble);
    }
  }

  #take(near: Socket): void {
    this.#taken += 1;
    const link: Link = { near, far: undefined, pipes: [] };
    this.#links.add(link);
    near.on('error', () => this.#lose(link, near));
    near.on('close', () => this.#lose(link, near));
    // Half-closing is of those that were there.
    if (this.#trouble !== undefined && this.#trouble.kind !== 'half-close') this.#troubled += 1;
    if (this.#trouble?.kind === 'cut') this.#reset(link);
    else this.#lead(link);
  }

  /** Connects it to the server, unless it may not come through. */
  #lead(link: Link): void {
    if (this.#trouble?.kind === 'black-hole') return;
    const far = connect({ host, port: this.#targetPort(), allowHalfOpen: true, noDelay: true });
    link.far = far;
    far.on('error', () => this.#lose(link, far));
    far.on('close', () => this.#lose(link, far));
    const trouble = this.#trouble?.kind === 'half-close' ? undefined : this.#trouble;
    link.pipes = [new Pipe(link.near, far, 'out', trouble), new Pipe(far, link.near, 'back', trouble)];
  }

  /** One side is gone: so is the other, unless that may not be known, or there is more to say to it. */
  #lose(link: Link, gone: Socket): void {
    const { near, far } = link;
    if (!this.#links.has(link)) return;
    const other = gone === near ? far : near;
    if (!hasEndedWell(gone)) {
      if (this.#trouble?.kind !== 'black-hole') this.#reset(link);
    } else if (other === undefined || other.closed) this.#forget(link);
  }

  #reset(link: Link): void {
    this.#forget(link);
    for (const socket of [link.near, link.far]) {
      if (socket?.connecting) socket.destroy();
      else socket?.resetAndDestroy();
    }
  }

  #forget(link: Link): void {
    this.#pastBytes += troubledBytesOf(link);
    this.#links.delete(link);
    for (const pipe of link.pipes) pipe.close();
  }
}

/** Both have said that they are at their end. */
function hasEndedWell({ readableEnded, writableFinished }: Socket): boolean {
  return readableEnded && writableFinished;
}

function troubledBytesOf({ pipes }: Link): number {
  return pipes.reduce((sum, { troubled }) => sum + troubled, 0);
}
