import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../native/src/free-port.ts';
import { isThere, signalTree } from '../../../native/src/process-tree.ts';
import { Build } from '../builds/build.ts';
import type { Patch } from '../builds/patch.ts';
import { Failpoints } from '../failpoints/failpoints.ts';
import { failpointPatches } from '../failpoints/places.ts';
import type { OperationsLog } from '../history/final-state.ts';
import { detourPatches } from '../proxy/detour-patches.ts';
import { Proxies } from '../proxy/proxies.ts';
import { writeRoutes } from '../proxy/routes.ts';
import { clusterSettings, clusterWays } from './cluster.ts';
import { MovedClocks, movableClocks } from './moved-clock.ts';
import type { Site } from './site.ts';
import { SmallDisk } from './small-disk.ts';
import { allGone, StackRun } from './stack-run.ts';
import { StoreBroker } from './store-broker.ts';
import { StoreCache } from './store-cache.ts';
import { StoreDatabase } from './store-database.ts';
import { unwell } from './wellness.ts';

const readyWithinMs = 180_000;
const goneWithinMs = 10_000;

export interface NativeSiteOptions {
  /** Of a mutation. Default: none. */
  readonly patches?: readonly Patch[];
  /** On top of those of the cluster. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Beginning of the keys that a site and its faults write themselves. They are left out of its log. */
export const ownKeys = 'own-of-the-site/';

/** The whole native stack as a small cluster, with proxies between its parts. */
export class NativeSite implements Site {
  readonly mode = 'native';
  readonly url: string;
  readonly failpoints: Failpoints;
  readonly proxies: Proxies;
  readonly stack: StackRun;
  readonly database: StoreDatabase;
  readonly broker: StoreBroker;
  readonly cache: StoreCache;
  readonly clocks: MovedClocks;
  /** Of the database. Undefined where it may not be made. */
  readonly disk: SmallDisk | undefined;
  readonly #parts: NativeParts;

  constructor(parts: NativeParts, url: string, stack: StackRun) {
    const { dataDir } = parts;
    this.#parts = parts;
    this.url = url;
    this.stack = stack;
    this.failpoints = parts.failpoints;
    this.proxies = parts.proxies;
    this.clocks = parts.clocks;
    this.disk = parts.disk;
    this.database = new StoreDatabase(dataDir);
    this.broker = new StoreBroker(dataDir);
    this.cache = new StoreCache(dataDir, () => stack.note);
  }

  get dataDir(): string {
    return this.#parts.dataDir;
  }

  get processes(): readonly string[] {
    return this.stack.note.processes.map(({ name }) => name);
  }

  async kill(process: string): Promise<void> {
    const family = this.stack.family(process);
    const { pid } = this.stack.process(process);
    if (pid !== undefined) signalTree(pid, 'SIGKILL');
    await allGone(family, goneWithinMs);
  }

  freeze(process: string): void {
    this.#signal(process, 'SIGSTOP');
  }

  thaw(process: string): void {
    this.#signal(process, 'SIGCONT');
  }

  /** Resolves when the process runs again after `kill`, `restarts` being what it was before. */
  async isBack(process: string, restarts: number, withinMs: number): Promise<void> {
    for (const deadline = Date.now() + withinMs; ; await sleep(20)) {
      const now = this.stack.process(process);
      const { pid, identity } = now;
      if (now.restarts > restarts && pid !== undefined && isThere({ pid, identity })) return;
      if (Date.now() > deadline) throw new Error(`${process} is not back`);
    }
  }

  async isWell(withinMs: number): Promise<void> {
    for (const deadline = Date.now() + withinMs; ; await sleep(200)) {
      const what = await unwell(this).catch((error: Error) => error.message);
      if (what === undefined) return;
      if (Date.now() > deadline) throw new Error(`the store is not well after ${withinMs} ms: ${what}`);
    }
  }

  async operationsLog(): Promise<OperationsLog> {
    const log = await this.database.operationsLog((key) => key.startsWith(ownKeys));
    if (!this.clocks.hasMoved('gateway-2')) return log;
    // By a clock that was wrong.
    return { ...log, rows: log.rows.map((row) => ({ ...row, acceptedAt: undefined })) };
  }

  deadLetters(): Promise<number> {
    return this.broker.deadLetters();
  }

  async close(): Promise<void> {
    await this.stack.close();
    await this.#parts.close();
  }

  #signal(process: string, signal: NodeJS.Signals): void {
    const { pid } = this.stack.process(process);
    if (pid === undefined) throw new Error(`${process} is down`);
    signalTree(pid, signal);
  }
}

/** What a site has beside its stack. */
class NativeParts {
  readonly dataDir: string;
  readonly failpoints = new Failpoints();
  readonly proxies: Proxies;
  readonly clocks: MovedClocks;
  readonly disk: SmallDisk | undefined;
  build: Build | undefined;

  private constructor(dataDir: string, proxies: Proxies, clocks: MovedClocks) {
    this.dataDir = dataDir;
    this.proxies = proxies;
    this.clocks = clocks;
    this.disk = SmallDisk.mount(join(dataDir, 'servers', 'postgres'));
  }

  static async make(): Promise<NativeParts> {
    const dataDir = mkdtempSync(join(tmpdir(), 'stratakv-site-'));
    const clocks = await MovedClocks.prepare(join(dataDir, 'clocks'));
    const ports = (): Record<string, number> => JSON.parse(readFileSync(join(dataDir, 'run', 'ports.json'), 'utf8'));
    return new NativeParts(dataDir, await Proxies.open(clusterWays(), (name) => ports()[name] ?? 0), clocks);
  }

  /** @param patches on top of those that failpoints and proxies need */
  async buildWith(patches: readonly Patch[]): Promise<Build> {
    const routes = join(this.dataDir, 'routes.json');
    const environment = movableClocks.map((process) => [process, this.clocks.environment(process)] as const);
    writeRoutes(routes, { ports: this.proxies.ports, environment: Object.fromEntries(environment) });
    this.build = await Build.make([...failpointPatches(this.failpoints.folder), ...detourPatches(routes), ...patches]);
    return this.build;
  }

  async close(): Promise<void> {
    await this.proxies.close();
    this.disk?.close();
    this.build?.close();
    this.failpoints.close();
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 10 });
  }
}

/**
 * Starts the store as a small cluster of local processes, from a build of its own.
 *
 * @throws Error when a patch does not fit, or it does not get ready
 */
export async function startNativeSite({ patches = [], settings = {} }: NativeSiteOptions = {}): Promise<NativeSite> {
  const parts = await NativeParts.make();
  let stack: StackRun | undefined;
  try {
    const build = await parts.buildWith(patches);
    const port = await freePort();
    const all = { ...clusterSettings, ...settings, KV_PORT: `${port}` };
    stack = new StackRun(build.file('native/src/main.ts'), parts.dataDir, all);
    await stack.ready(readyWithinMs);
    const site = new NativeSite(parts, `http://127.0.0.1:${port}`, stack);
    await site.isWell(60_000);
    return site;
  } catch (error) {
    await stack?.close();
    await parts.close();
    throw error;
  }
}
