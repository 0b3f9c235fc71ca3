import { Gauge } from 'prom-client';
import type { HealthChecks } from './health.ts';
import type { Metrics } from './metrics.ts';

/**
 * Shows what /readyz says, so that an alert can name the dependency: `kv_ready`, and `kv_dependency_ok` by dependency
 * and kind. The checks run when the page is scraped.
 */
export function registerHealthMetrics({ registry }: Pick<Metrics, 'registry'>, health: HealthChecks): void {
  new Gauge({
    name: 'kv_ready',
    help: 'Whether this process can do its work: 1 ready, perhaps degraded; 0 not',
    registers: [registry],
    async collect() {
      const { status } = await health.report();
      this.set(Number(status !== 'not-ready'));
    },
  });
  new Gauge({
    name: 'kv_dependency_ok',
    help: 'Whether a dependency answers. Without a required one this process is not ready, without a degrading one it does less',
    labelNames: ['dependency', 'kind'],
    registers: [registry],
    async collect() {
      const { checks } = await health.report();
      this.reset();
      // A process that is closing asks nobody.
      if (health.isDraining) return;
      for (const [dependency, { kind, status }] of Object.entries(checks)) {
        this.set({ dependency, kind }, Number(status === 'ok'));
      }
    },
  });
}
