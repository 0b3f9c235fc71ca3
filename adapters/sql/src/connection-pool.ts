import type { ConnectionOptions } from 'node:tls';
import { StrataError } from '@stratakv/core';
import type { DatabaseAddress } from './database-url.ts';
import { isSticky, tooLate } from './failure.ts';
import { HostRotation } from './host-rotation.ts';
import type { PoolStats, SqlObserver } from './observer.ts';
import { type Session, SessionClient } from './session.ts';
import type { Deadline, SqlTimeouts } from './timeouts.ts';

/*
 * Connections to a database of one or several hosts. pg's own pool knows one host, waits without bound, and takes a
 * connection back that no longer answers.
 *
 * A call has a deadline: when it passes, its connection is cut, for what comes over it later would belong to nobody.
 * Those that have not answered since are suspected of the same fault, and replaced before they are used.
 */

export interface PoolOptions {
  readonly address: DatabaseAddress;
  readonly tls: false | ConnectionOptions;
  readonly timeouts: SqlTimeouts;
  readonly applicationName: string;
  readonly maxConnections: number;
  /** Calls that may wait for a connection; further ones are refused at once. */
  readonly maxWaiting: number;
  readonly observer: SqlObserver;
}

/** Connections are replaced when they are this old, so that they spread over hosts that came back. Milliseconds. */
const lifetimeMs = 30 * 60_000;
/** How long closing waits for the goodbyes, milliseconds. */
const goodbyeMs = 1_000;

interface Waiter {
  /** With a connection, or with the right to open one. */
  resolve(client: SessionClient | undefined): void;
  reject(error: Error): void;
}

export class ConnectionPool {
  readonly #options: PoolOptions;
  readonly #hosts: HostRotation;
  /** Last used last. */
  readonly #idle: SessionClient[] = [];
  readonly #waiting = new Set<Waiter>();
  readonly #sockets = new Set<SessionClient>();
  /** Connections that are open, being opened, or may be opened by whom it was promised. */
  #taken = 0;
  #suspectUntil = 0;
  #isClosing = false;
  #drained = Promise.withResolvers<void>();

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#hosts = new HostRotation(options.address.hosts);
  }

  get stats(): PoolStats {
    const { maxConnections: max } = this.#options;
    return { open: this.#taken, idle: this.#idle.length, waiting: this.#waiting.size, max };
  }

  /**
   * Lends a connection. It must be idle when `work` is done, or it is cut.
   *
   * @throws what `work` throws; StrataError `overloaded` when too many wait, `unavailable` when no host can be connected
   * to or the deadline passes
   */
  async use<T>(deadline: Deadline, work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#take(deadline);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#suspectUntil = performance.now();
      this.#hosts.failed(client.address);
      client.destroy();
    }, deadline.leftMs);
    let failure: unknown;
    try {
      return await work(client);
    } catch (error) {
      failure = error;
      throw isLate ? tooLate(error) : error;
    } finally {
      clearTimeout(timer);
      this.#giveBack(client, failure);
    }
  }

  /** Waits for the calls under way, which are bounded by their deadlines, and closes all connections. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const waiter of this.#waiting) waiter.reject(closed());
    this.#waiting.clear();
    for (const client of this.#idle.splice(0)) this.#discard(client);
    if (this.#taken > 0) await this.#drained.promise;
    const timer = setTimeout(() => {
      for (const client of this.#sockets) client.destroy();
    }, goodbyeMs);
    await Promise.all([...this.#sockets].map((client) => client.ended));
    clearTimeout(timer);
  }

  async #take(deadline: Deadline): Promise<SessionClient> {
    if (this.#isClosing) throw closed();
    for (let client = this.#idle.pop(); client !== undefined; client = this.#idle.pop()) {
      if (client.answeredAt >= this.#suspectUntil) return client;
      client.destroy();
      this.#release();
    }
    if (this.#taken < this.#options.maxConnections) {
      this.#taken += 1;
      return this.#open(deadline);
    }
    return (await this.#wait(deadline)) ?? this.#open(deadline);
  }

  #wait(deadline: Deadline): Promise<SessionClient | undefined> {
    if (this.#waiting.size >= this.#options.maxWaiting) {
      throw new StrataError('overloaded', 'Too many calls wait for the database.');
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        resolve: (client) => {
          leave();
          resolve(client);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.reject(tooLate()), deadline.leftMs);
      this.#waiting.add(waiter);
    });
  }

  /** Connects to the hosts in turn until one answers. */
  async #open(deadline: Deadline): Promise<SessionClient> {
    const { observer, timeouts } = this.#options;
    let failure: unknown;
    for (let attempt = 0; attempt < this.#hosts.count && deadline.leftMs > 0 && !this.#isClosing; attempt += 1) {
      const client = new SessionClient(this.#hosts.next(), this.#options);
      this.#watch(client);
      try {
        await client.open(Math.min(timeouts.connectMs, deadline.leftMs));
        this.#hosts.worked(client.address);
        return client;
      } catch (error) {
        failure = error;
        client.destroy();
        this.#hosts.failed(client.address);
        const { host, port } = client.address;
        observer.onConnectFailure?.(`${host}:${port}`, asError(error));
      }
    }
    this.#release();
    if (failure === undefined) throw this.#isClosing ? closed() : tooLate();
    // Whatever its code, it says nothing of what was to be asked.
    throw new StrataError('unavailable', 'The database cannot be reached.', { cause: failure });
  }

  #watch(client: SessionClient): void {
    this.#sockets.add(client);
    void client.ended.then(() => {
      this.#sockets.delete(client);
      const at = this.#idle.indexOf(client);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      this.#options.observer.onConnectionLost?.(new Error('an idle connection was closed by the other side'));
      this.#release();
    });
  }

  #giveBack(client: SessionClient, failure: unknown): void {
    const isUsable = client.isIdle && !isSticky(failure);
    if (!isUsable) {
      client.destroy();
      const why = failure ?? new Error('the connection was given back in the middle of something');
      this.#options.observer.onConnectionLost?.(asError(why));
      this.#release();
    } else if (this.#isClosing || client.ageMs > lifetimeMs) {
      this.#discard(client);
    } else {
      const [waiter] = this.#waiting;
      if (waiter === undefined) this.#idle.push(client);
      else waiter.resolve(client);
    }
  }

  #discard(client: SessionClient): void {
    client.end().catch(() => {});
    this.#release();
  }

  /** Gives the place of a connection that is gone to who waits, or back. */
  #release(): void {
    const [waiter] = this.#waiting;
    if (waiter !== undefined) {
      waiter.resolve(undefined);
      return;
    }
    this.#taken -= 1;
    if (this.#isClosing && this.#taken === 0) this.#drained.resolve();
  }
}

function closed(): StrataError {
  return new StrataError('unavailable', 'The database was closed.');
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
