import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { BrokerAddress } from './broker-address.ts';
import type { LinkName, OnBrokerEvent } from './broker-event.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { errorOf } from './refusal.ts';

export interface LinkOptions extends ConnectionOptions {
  readonly addresses: readonly BrokerAddress[];
  readonly onEvent: OnBrokerEvent;
}

/** Sets up channels on a new connection. They end with it; nothing has to be undone. */
export type Attachment = (connection: ChannelModel) => Promise<void>;

const firstPauseMs = 100;
const longestPauseMs = 3_000;
const setUpWithinMs = 15_000;
/** A connection that lasted this long was a good one. */
const goodAfterMs = 5_000;

/**
 * A connection to the cluster that comes back: at another node at once, and when none takes it, after pauses that grow
 * and differ between processes. amqplib's own recovery knows one address only.
 */
export class Link {
  readonly name: LinkName;
  readonly #options: LinkOptions;
  readonly #attachments: Attachment[] = [];
  readonly #closing = new AbortController();
  readonly #served: Promise<void>;
  #connection: Connection | undefined;
  #waiting: (() => void)[] = [];

  /** Starts to connect at once. */
  constructor(name: LinkName, options: LinkOptions) {
    this.name = name;
    this.#options = options;
    this.#served = this.#serve();
  }

  /** The connection to use now; undefined: there is none. */
  get connection(): ChannelModel | undefined {
    return this.#connection?.model;
  }

  /** Why the broker takes no messages now; undefined: it does, or there is no connection. */
  get blockedBecause(): string | undefined {
    return this.#connection?.blockedBecause;
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Runs for every connection from now on, also for the one that is there. One that fails costs the connection. */
  async attach(attachment: Attachment): Promise<void> {
    this.#attachments.push(attachment);
    const connection = this.#connection;
    if (connection === undefined) return;
    await attachment(connection.model).catch((cause: unknown) => connection.drop(errorOf(cause)));
  }

  detach(attachment: Attachment): void {
    const index = this.#attachments.indexOf(attachment);
    if (index >= 0) this.#attachments.splice(index, 1);
  }

  /** Resolves when there is a connection, or the link is closed. */
  async connected(): Promise<void> {
    if (this.#connection !== undefined || this.isClosed) return;
    await new Promise<void>((resolve) => void this.#waiting.push(resolve));
  }

  /** Gives the connection up for another one. */
  drop(cause: Error): void {
    this.#connection?.drop(cause);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#connection?.close();
    await this.#served;
    this.#wake();
  }

  async #serve(): Promise<void> {
    const { addresses } = this.#options;
    // Spreads the processes over the nodes.
    let turn = Math.floor(Math.random() * addresses.length);
    let failures = 0;
    while (!this.isClosed) {
      const address = addresses[turn % addresses.length];
      if (address === undefined) return;
      const startedAt = performance.now();
      await this.#serveAt(address);
      failures = performance.now() - startedAt > goodAfterMs ? 1 : failures + 1;
      turn += 1;
      await this.#pause(failures);
    }
  }

  /** Connects and serves until the connection is lost. Never rejects. */
  async #serveAt(address: BrokerAddress): Promise<void> {
    const { onEvent } = this.#options;
    const [link, label] = [this.name, address.label];
    let connection: Connection | undefined;
    try {
      connection = await Connection.open(address.url, this.#options);
      await this.#setUp(connection);
      if (this.isClosed) return await connection.close();
    } catch (cause) {
      connection?.drop(errorOf(cause));
      if (!this.isClosed) onEvent({ kind: 'connect-failed', link, address: label, cause: errorOf(cause) });
      return;
    }
    const { product, version, cluster_name: cluster = '' } = connection.server;
    onEvent({ kind: 'connected', link, address: label, product, version, cluster });
    this.#announceBlocks(connection);
    this.#connection = connection;
    this.#wake();
    const cause = await connection.lost;
    this.#connection = undefined;
    if (!this.isClosed) onEvent({ kind: 'disconnected', link, address: label, cause });
  }

  /** Opens all channels on a new connection. A broker that does not get that done is left for another one. */
  async #setUp(connection: Connection): Promise<void> {
    const onLate = () => connection.drop(new Error('the broker took too long to open channels'));
    const timer = setTimeout(onLate, setUpWithinMs);
    try {
      // All at once: what asks the broker something gets through before what publishes, and may get stopped by that.
      await Promise.all(this.#attachments.map((attachment) => attachment(connection.model)));
    } finally {
      clearTimeout(timer);
    }
  }

  #announceBlocks({ model, blockedBecause }: Connection): void {
    const { onEvent } = this.#options;
    const link = this.name;
    if (blockedBecause !== undefined) onEvent({ kind: 'blocked', link, reason: blockedBecause });
    model.on('blocked', (reason) => onEvent({ kind: 'blocked', link, reason }));
    model.on('unblocked', () => onEvent({ kind: 'unblocked', link }));
  }

  /**
   * Pauses that grow from round to round over all nodes; between two nodes of a round a moment. Partly by chance, so
   * that a cluster that comes back does not get everybody at once.
   */
  async #pause(failures: number): Promise<void> {
    const { length } = this.#options.addresses;
    const round = failures % length === 0 ? Math.min(failures / length - 1, 10) : undefined;
    const longest = round === undefined ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** round);
    const ms = longest / 2 + (Math.random() * Math.max(longest, firstPauseMs)) / 2;
    await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
