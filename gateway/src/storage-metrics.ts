import type { Metrics } from '@stratakv/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { StorageClient } from './storage/storage-client.ts';

/** Registers what a gateway tells about its calls to storage nodes; returns what notes one attempt. */
export function observeStorage({ registry }: Metrics, nodes: () => StorageClient['nodes'] | undefined) {
  const registers = [registry];
  const requests = new Counter({
    name: 'kv_storage_requests_total',
    help: 'Attempts at calls to storage nodes; a retry is one at another node after a failure',
    labelNames: ['outcome', 'retry'],
    registers,
  });
  const seconds = new Histogram({
    name: 'kv_storage_request_seconds',
    help: 'Time from a call to a storage node to the end of its answer',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  new Gauge({
    name: 'kv_storage_nodes',
    help: 'Storage nodes that are known, and of these, those that failed lately',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = nodes();
      this.set({ state: 'known' }, counts?.known ?? 0);
      this.set({ state: 'suspect' }, counts?.suspect ?? 0);
    },
  });
  return (outcome: 'ok' | 'failed', isRetry: boolean, took: number): void => {
    requests.inc({ outcome, retry: String(isRetry) });
    seconds.observe(took);
  };
}
