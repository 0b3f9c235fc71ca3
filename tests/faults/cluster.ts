import { NativeStack } from '../framework/native-stack.ts';

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

/** Starts a cluster that ends after the tests of the file. */
export function startCluster(): Promise<NativeStack> {
  return NativeStack.start(clusterSettings);
}

/** How a process is made to fail. `stop` asks it to end; the stack starts again whatever has ended. */
export type Fault = 'stop' | 'kill' | 'freeze';

/** Makes a process fail. What was frozen stays so until it is thawed. */
export function fail(cluster: NativeStack, name: string, fault: Fault): void {
  if (fault === 'freeze') cluster.freeze(name);
  else if (fault === 'kill') cluster.kill(name);
  else cluster.terminate(name);
}
