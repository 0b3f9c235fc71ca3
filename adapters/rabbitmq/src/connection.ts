import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChannelModel, connect, type ServerProperties } from 'amqplib';
import { joinWrites } from './join-writes.ts';

export interface ConnectionOptions {
  readonly heartbeatSeconds: number;
  /** Bound on the time to connect and to shake hands. */
  readonly connectTimeoutMs: number;
  /** Shown in the broker's list of connections. */
  readonly clientName: string;
}

/** Silence that means death, in heartbeats. The broker sends something at least every half a heartbeat. */
const silentHeartbeats = 1.6;
const watchEveryMs = 1_000;
const goodbyeMs = 2_000;

/**
 * One connection to a broker, until it is lost. A broker that has gone silent counts as lost: after 8 to 9 s with
 * heartbeats of 5 s. amqplib's own watch takes 10 to 15 s.
 */
export class Connection {
  readonly model: ChannelModel;
  /** Resolves when it is gone, whoever ended it. */
  readonly lost: Promise<Error>;
  /** Why the broker takes nothing on this connection now; undefined: it does. */
  blockedBecause: string | undefined;
  readonly #socket: Socket;
  readonly #watch: NodeJS.Timeout;
  readonly #markLost: (cause: Error) => void;

  private constructor(model: ChannelModel, heartbeatSeconds: number) {
    this.model = model;
    this.#socket = socketOf(model);
    joinWrites(this.#socket);
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.lost = promise;
    this.#markLost = resolve;
    model.on('error', (error) => this.drop(error));
    model.on('close', (error) => this.drop(error ?? new Error('the broker has closed the connection')));
    model.on('blocked', (reason) => {
      this.blockedBecause = reason;
    });
    model.on('unblocked', () => {
      this.blockedBecause = undefined;
    });
    this.#watch = this.#watchSilence(Math.ceil((heartbeatSeconds * silentHeartbeats * 1000) / watchEveryMs));
  }

  /** @throws Error when it cannot be had in time */
  static async open(url: string, options: ConnectionOptions): Promise<Connection> {
    const { heartbeatSeconds, connectTimeoutMs, clientName } = options;
    const withHeartbeat = new URL(url);
    withHeartbeat.searchParams.set('heartbeat', `${heartbeatSeconds}`);
    const model = await connect(withHeartbeat.href, {
      noDelay: true,
      timeout: connectTimeoutMs,
      clientProperties: { connection_name: clientName },
    });
    return new Connection(model, heartbeatSeconds);
  }

  get server(): ServerProperties {
    return this.model.connection.serverProperties;
  }

  /** Ends it without a word. */
  drop(cause: Error): void {
    this.#markLost(cause);
    clearInterval(this.#watch);
    // amqplib only half-closes: with a frozen peer the socket would stay. With an error, it ends its channels.
    this.#socket.destroy(cause);
  }

  /** Says goodbye, if the broker listens. */
  async close(): Promise<void> {
    const done = new AbortController();
    const late = delay(goodbyeMs, undefined, { signal: done.signal }).catch(() => {});
    await Promise.race([this.model.close().catch(() => {}), this.lost, late]);
    done.abort();
    this.drop(new Error('the connection was closed'));
  }

  #watchSilence(limit: number): NodeJS.Timeout {
    let [bytes, silent] = [-1, 0];
    return setInterval(() => {
      const { bytesRead } = this.#socket;
      silent = bytesRead === bytes ? silent + 1 : 0;
      bytes = bytesRead;
      if (silent >= limit) this.drop(new Error(`the broker has been silent for ${(limit * watchEveryMs) / 1000} s`));
    }, watchEveryMs);
  }
}

/** The socket below, which amqplib holds but does not name in its types. */
function socketOf(model: ChannelModel): Socket {
  const { stream } = model.connection as unknown as { readonly stream: Socket };
  return stream;
}
