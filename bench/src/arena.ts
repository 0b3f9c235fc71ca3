import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { LayeredStore } from './layered-store.ts';
import { startEdge } from './peers/edge.ts';
import { etcdHealthPath, startEtcd } from './peers/etcd.ts';
import type { Peer } from './peers/peer.ts';
import { Runner } from './peers/runner.ts';
import { startWebdis } from './peers/webdis.ts';
import { type DataFolder, makeDataFolder, removal, type Server, startConstant, startStore } from './server.ts';
import { SettledWrites } from './settled-writes.ts';

/** How many entries and of what size the peers that serve reads hold. */
export interface ArenaOptions {
  readonly entries: number;
  readonly valueBytes: number;
  readonly tell: (text: string) => void;
}

/**
 * The store and its peers, on one machine. Each is started when it is first asked for, stays until the arena is closed,
 * and ends with this process however that ends.
 */
export class Arena {
  readonly #options: ArenaOptions;
  readonly #runner: Runner;
  readonly #folder: DataFolder;
  readonly #started = new Map<string, Promise<unknown>>();
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(folder: DataFolder, options: ArenaOptions) {
    this.#folder = folder;
    this.#runner = new Runner(folder.path);
    this.#options = options;
  }

  static async open(options: ArenaOptions): Promise<Arena> {
    return new Arena(await makeDataFolder(), options);
  }

  /** Starts programs of a scenario's own. */
  get runner(): Runner {
    return this.#runner;
  }

  /** The store that most scenarios share: one process of each kind. */
  store(): Promise<LayeredStore> {
    return this.#once('the layered store', async () => {
      const store = await LayeredStore.start(this.path('store'));
      this.#closers.push(() => store.stop());
      return store;
    });
  }

  etcd(): Promise<Peer> {
    return this.#once('etcd', () => startEtcd(this.#runner));
  }

  etcdBehindProxies(): Promise<Peer> {
    return this.#once('Nginx and Envoy for etcd', async () =>
      startEdge(this.#runner, await this.etcd(), { healthPath: etcdHealthPath }),
    );
  }

  webdis(): Promise<Peer> {
    const { entries, valueBytes } = this.#options;
    return this.#once('Webdis', () => startWebdis(this.#runner, entries, valueBytes));
  }

  /** A Fastify route that returns a constant: `bare`, or with the `kit` of every service. */
  constant(kind: 'bare' | 'kit'): Promise<Peer> {
    return this.#once(`the constant route (${kind})`, async () => {
      const { valueBytes } = this.#options;
      await this.#runner.sockets.prepare();
      const server = await startConstant(kind, valueBytes, join(this.#runner.sockets.folder, socketName(kind)));
      this.#closers.push(() => server.close());
      return peerOf(server, 'constant');
    });
  }

  constantBehindProxies(kind: 'bare' | 'kit'): Promise<Peer> {
    return this.#once(`Nginx and Envoy for the constant route (${kind})`, async () =>
      startEdge(this.#runner, await this.constant(kind), { healthPath: '/readyz', socket: socketName(kind) }),
    );
  }

  /** The store as one process. */
  embedded(): Promise<{ readonly peer: Peer; readonly settled: SettledWrites }> {
    return this.#once('the embedded store', async () => {
      const server = await startStore(this.path('embedded'));
      this.#closers.push(() => server.close());
      return { peer: peerOf(server, 'embedded'), settled: new SettledWrites(() => [server.port]) };
    });
  }

  /** A folder of a scenario's own, which is gone with the arena. */
  path(name: string): string {
    return join(this.#folder.path, name);
  }

  /** Ends all and forgets their data, so that a scenario has the machine for a store of its own. */
  async clear(): Promise<void> {
    await Promise.allSettled(this.#closers.splice(0).map((close) => close()));
    await this.#runner.clear();
    this.#started.clear();
    await rm(this.#folder.path, removal);
    await mkdir(this.#folder.path, { mode: 0o700 });
  }

  /** Ends all, and removes their data. */
  async close(): Promise<void> {
    await this.clear();
    this.#runner.close();
    await this.#folder.remove();
  }

  #once<Started>(name: string, start: () => Promise<Started>): Promise<Started> {
    const known = this.#started.get(name) as Promise<Started> | undefined;
    if (known !== undefined) return known;
    this.#options.tell(`starting ${name}`);
    const started = start();
    this.#started.set(name, started);
    return started;
  }
}

function peerOf({ name, port, pid }: Server, kind: string): Peer {
  return { name, port, processes: () => [{ kind, pid }] };
}

function socketName(kind: 'bare' | 'kit'): string {
  return `constant-${kind}.sock`;
}
