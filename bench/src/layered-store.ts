import { mkdirSync } from 'node:fs';
import { sumMetric } from './metrics.ts';
import { NativeStore } from './native-store.ts';
import type { Peer } from './peers/peer.ts';
import { SettledWrites } from './settled-writes.ts';

/** A layered store under measurement: its ways in, its processes, and its account of accepted writes. */
export class LayeredStore {
  readonly native: NativeStore;
  readonly settled: SettledWrites;
  /** Entries 0 to this have been loaded. */
  entries = 0;

  private constructor(native: NativeStore) {
    this.native = native;
    this.settled = new SettledWrites(() => this.#ports('consumer'));
  }

  /**
   * Starts one on a folder, new or of an earlier one.
   *
   * @param settings environment variables, such as `KV_NATIVE_CONSUMERS`
   * @throws Error with what it said, when it does not get ready in time
   */
  static async start(folder: string, settings: Readonly<Record<string, string>> = {}): Promise<LayeredStore> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const native = await NativeStore.launch(folder, settings);
    try {
      await native.ready();
    } catch (error) {
      await native.stop();
      throw error;
    }
    return new LayeredStore(native);
  }

  /** Through Nginx and Envoy. */
  get whole(): Peer {
    return this.#peer('nginx');
  }

  /** At a gateway, past the proxies. */
  get gateway(): Peer {
    return this.#peer('gateway');
  }

  /** For subjects that write: see `Subject.settle`. */
  readonly settle = async (accepted: number): Promise<void> => {
    await this.settled.all(accepted);
  };

  /** Processes of one kind. */
  processesOf(kind: string): readonly number[] {
    return this.native.processes().flatMap((each) => (each.kind === kind ? [each.pid] : []));
  }

  /** Sum of a metric over all processes of a kind. */
  metric(kind: string, name: string): Promise<number> {
    return sumMetric(this.#ports(kind), name);
  }

  stop(): Promise<void> {
    return this.native.stop();
  }

  #ports(kind: string): readonly number[] {
    return this.native.processes().flatMap((each) => (each.kind === kind ? [each.port] : []));
  }

  #peer(kind: string): Peer {
    const [port] = this.#ports(kind);
    if (port === undefined) throw new Error(`the store has no ${kind}`);
    return { name: 'StrataKV', port, processes: () => this.native.processes() };
  }
}
