import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { signalTree } from '@stratakv/native/testing';
import { isAlive, type NativeProcess, nativeMode, readRunNote } from '../framework/native-target.ts';
import { type ProcessTarget, startProcess } from '../framework/process-target.ts';

/** The smallest stack of which one of each kind may be away: the cluster of DESIGN §7 as local processes. */
const clusterSettings = {
  KV_NATIVE_GATEWAYS: '2',
  KV_NATIVE_STORAGE_NODES: '2',
  KV_NATIVE_CONSUMERS: '2',
  KV_NATIVE_ENVOYS: '2',
  KV_NATIVE_RABBITMQ_NODES: '3',
  KV_NATIVE_REDIS_REPLICAS: '2',
  KV_NATIVE_SENTINELS: '3',
  KV_NATIVE_LOCK_NODES: '3',
};

/** How a process is made to fail. `stop` asks it to end; the stack starts again whatever has ended. */
export type Fault = 'stop' | 'kill' | 'freeze';

/** The whole stack, and its processes to be killed and frozen. */
export class Cluster {
  readonly url: string;
  readonly #target: ProcessTarget;
  readonly #frozen = new Map<string, number>();

  private constructor(target: ProcessTarget) {
    this.#target = target;
    this.url = target.url;
  }

  /** Starts a cluster that ends after the tests of the file. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Cluster> {
    const target = await startProcess(nativeMode, { ...clusterSettings, ...settings });
    const cluster = new Cluster(target);
    after(async () => {
      cluster.thawAll();
      await target.close();
    });
    return cluster;
  }

  get dataDir(): string {
    return this.#target.dataDir;
  }

  get processes(): readonly NativeProcess[] {
    return readRunNote(this.dataDir).processes;
  }

  process(name: string): NativeProcess {
    const found = this.processes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the cluster has no process ${name}`);
    return found;
  }

  /** Makes a process fail. What was frozen stays so until `thaw`. */
  fail(name: string, fault: Fault): void {
    const { pid } = this.process(name);
    if (pid === undefined) throw new Error(`${name} is down already`);
    if (fault === 'freeze') this.#frozen.set(name, pid);
    // Who is asked to stop tells his workers himself.
    if (fault === 'stop') process.kill(pid, 'SIGTERM');
    else signalTree(pid, fault === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  }

  thaw(name: string): void {
    const pid = this.#frozen.get(name);
    this.#frozen.delete(name);
    if (pid !== undefined) signalTree(pid, 'SIGCONT');
  }

  thawAll(): void {
    for (const name of [...this.#frozen.keys()]) this.thaw(name);
  }

  /** Resolves when the stack has started a process again after it ended. */
  async restarted(before: NativeProcess, withinMs: number): Promise<void> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const now = this.process(before.name);
      if (now.restarts > before.restarts && isAlive(now)) return;
      if (Date.now() > deadline) throw new Error(`${before.name} was not started again within ${withinMs} ms`);
      await sleep(50);
    }
  }
}
