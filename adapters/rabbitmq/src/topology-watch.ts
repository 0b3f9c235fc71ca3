import { setTimeout as delay } from 'node:timers/promises';
import type { ChannelModel } from 'amqplib';
import type { OnBrokerEvent } from './broker-event.ts';
import type { Attachment, Link } from './link.ts';
import { unavailable } from './refusal.ts';
import { checkTopology, declareTopology, TopologyMismatch, TopologyMissing, type TopologyOptions } from './topology.ts';

/** Whether this process makes the queues or only looks for them. */
export type TopologyRole = 'declare' | 'check';

const lookAgainMs = 1_000;

/**
 * Sees to it, on every connection, that the queues are there; looks again as long as they are not. To be used on the
 * connection that consumes: on one that an alarm has stopped nothing is answered.
 */
export class TopologyWatch {
  readonly #link: Link;
  readonly #options: TopologyOptions;
  readonly #role: TopologyRole;
  readonly #onEvent: OnBrokerEvent;
  readonly #ready = Promise.withResolvers<void>();
  readonly #attachment: Attachment = (connection) => this.#attach(connection);
  #isClosed = false;
  #looking: Promise<void> | undefined;
  #failure: Error | undefined = new Error('the broker has not been asked for its queues yet');

  constructor(link: Link, role: TopologyRole, options: TopologyOptions, onEvent: OnBrokerEvent) {
    this.#link = link;
    this.#role = role;
    this.#options = options;
    this.#onEvent = onEvent;
    this.#ready.promise.catch(() => {});
    void link.attach(this.#attachment);
  }

  /** Why the queues cannot be used, as far as it is known; undefined: they can. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /**
   * Resolves when the queues have been found or made. Waits for the broker.
   *
   * @throws TopologyMismatch when they differ; StrataError `unavailable` when it was closed before
   */
  ready(): Promise<void> {
    return this.#ready.promise;
  }

  /** A queue was missed: looks again, on the connection there is. Who declares them makes it anew. */
  miss(): void {
    const { connection } = this.#link;
    if (connection === undefined || this.#isClosed) return;
    // The connection may go meanwhile. The next one looks anyway.
    this.#looking ??= this.#look(connection)
      .then(() => undefined)
      .catch(() => undefined)
      .finally(() => {
        this.#looking = undefined;
      });
  }

  close(): void {
    this.#isClosed = true;
    this.#link.detach(this.#attachment);
    this.#ready.reject(unavailable('The queue is closed.'));
  }

  async #attach(connection: ChannelModel): Promise<void> {
    if (!(await this.#look(connection))) void this.#lookAgain(connection);
  }

  async #lookAgain(connection: ChannelModel): Promise<void> {
    try {
      // Not until the link shows this connection as its own: other channels may still be opened on it.
      do await delay(lookAgainMs);
      while (!this.#isClosed && !(await this.#look(connection)));
    } catch {
      // The connection is gone. The next one starts anew.
    }
  }

  /** @throws Error when the broker could not be asked */
  async #look(connection: ChannelModel): Promise<boolean> {
    try {
      await (this.#role === 'declare' ? declareTopology : checkTopology)(connection, this.#options);
    } catch (error) {
      if (!(error instanceof TopologyMismatch || error instanceof TopologyMissing)) throw error;
      const isNews = error.message !== this.#failure?.message;
      this.#failure = error;
      if (isNews) this.#onEvent({ kind: 'topology-failed', cause: error });
      if (error instanceof TopologyMismatch) this.#ready.reject(error);
      return false;
    }
    if (this.#failure !== undefined) this.#onEvent({ kind: 'topology-ready' });
    this.#failure = undefined;
    this.#ready.resolve();
    return true;
  }
}
