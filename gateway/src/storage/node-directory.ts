import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';
import { StorageNode, type StorageNodeOptions } from './storage-node.ts';

export interface NodeDirectoryOptions extends StorageNodeOptions {
  /** `http://host:port`, where a host may stand for several nodes. */
  readonly urls: readonly string[];
  /** How often names are looked up again, milliseconds. */
  readonly lookupEveryMs: number;
  /** How often a node that failed is asked whether it is back, and how long it has to answer, milliseconds. */
  readonly probeEveryMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The storage nodes there are. A name in the list stands for all addresses it has (a Docker service, a headless service
 * of Kubernetes) and is looked up again and again; a node that failed is left alone until it answers a probe.
 */
export class NodeDirectory {
  readonly #options: NodeDirectoryOptions;
  readonly #nodes = new Map<string, StorageNode>();
  readonly #closing = new AbortController();
  #running: Promise<unknown> | undefined;

  private constructor(options: NodeDirectoryOptions) {
    this.#options = options;
  }

  /** Resolves when all names were looked up once. Names without an address are no error: they may get one. */
  static async open(options: NodeDirectoryOptions): Promise<NodeDirectory> {
    const directory = new NodeDirectory(options);
    await directory.#lookUp();
    directory.#running = Promise.all([directory.#repeatLookUp(), directory.#repeatProbes()]);
    return directory;
  }

  get all(): readonly StorageNode[] {
    return [...this.#nodes.values()];
  }

  /**
   * The node with the least to do, those that failed lately last; undefined when there is none at all.
   *
   * @param tried not these, unless there are no others
   */
  choose(tried: ReadonlySet<StorageNode>): StorageNode | undefined {
    let best: StorageNode | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const node of this.#nodes.values()) {
      // The fraction decides between equals at random, so that idle nodes share the work.
      const cost = node.inFlight + Math.random() + (node.isSuspect ? 1e6 : 0) + (tried.has(node) ? 1e9 : 0);
      if (cost >= least) continue;
      least = cost;
      best = node;
    }
    return best;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
    await Promise.all(this.all.map((node) => node.close()));
  }

  async #repeatLookUp(): Promise<void> {
    const { clock, lookupEveryMs } = this.#options;
    while (!this.#closing.signal.aborted) {
      // Without nodes nothing can be read: then sooner.
      await clock.sleep(this.#nodes.size === 0 ? lookupEveryMs / 10 : lookupEveryMs, this.#closing.signal);
      if (!this.#closing.signal.aborted) await this.#lookUp();
    }
  }

  async #repeatProbes(): Promise<void> {
    const { clock, probeEveryMs } = this.#options;
    while (!this.#closing.signal.aborted) {
      await clock.sleep(probeEveryMs, this.#closing.signal);
      const suspects = this.all.filter(({ isSuspect }) => isSuspect);
      await Promise.all(suspects.map((node) => node.probe(AbortSignal.timeout(probeEveryMs))));
    }
  }

  async #lookUp(): Promise<void> {
    const found = await Promise.all(this.#options.urls.map((url) => this.#originsOf(url)));
    const origins = new Set(found.flatMap((each) => each ?? []));
    for (const origin of origins) {
      if (!this.#nodes.has(origin)) this.#nodes.set(origin, new StorageNode(origin, this.#options));
    }
    // A name server that fails says nothing about the nodes: they stay.
    if (found.includes(undefined)) return;
    for (const [origin, node] of this.#nodes) {
      if (origins.has(origin)) continue;
      this.#nodes.delete(origin);
      void node.close();
    }
  }

  /** undefined: it could not be looked up. */
  async #originsOf(url: string): Promise<readonly string[] | undefined> {
    const { protocol, hostname, port } = new URL(url);
    if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return [new URL(url).origin];
    try {
      const addresses = await lookup(hostname, { all: true });
      return addresses.map(({ address, family }) => originOf(protocol, family === 6 ? `[${address}]` : address, port));
    } catch (error) {
      this.#options.logger.warn({ err: error, host: hostname }, 'the name of a storage node could not be looked up');
      return undefined;
    }
  }
}

function originOf(protocol: string, host: string, port: string): string {
  return new URL(`${protocol}//${host}${port === '' ? '' : `:${port}`}`).origin;
}
