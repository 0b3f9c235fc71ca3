/** Delay of the event loop of a server since it was asked last, milliseconds. */
export interface EventLoopLag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a Prometheus text says: by name, summed over all its labels, and by name with its labels as they are written. */
export type Metrics = ReadonlyMap<string, number>;

const line = /^([a-z_:][a-z0-9_:]*)(\{[^}]*\})? (\S+)$/i;

/** Reads GET /metrics. */
export async function readMetrics(port: number): Promise<Metrics> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`);
  const metrics = new Map<string, number>();
  for (const row of text.split('\n')) {
    const [, name, labels, value] = line.exec(row) ?? [];
    if (name === undefined) continue;
    metrics.set(name, (metrics.get(name) ?? 0) + Number(value));
    if (labels !== undefined) metrics.set(name + labels, Number(value));
  }
  return metrics;
}

/** What prom-client's histogram saw since the last scrape, which resets it. */
export async function readEventLoopLag(port: number): Promise<EventLoopLag> {
  const metrics = await readMetrics(port);
  const ms = (name: string) => (metrics.get(`nodejs_eventloop_lag_${name}_seconds`) ?? Number.NaN) * 1000;
  return { p50: ms('p50'), p99: ms('p99'), max: ms('max') };
}

/** Operations that got their outcome since the servers were started. A redelivery, which finds one there, is none. */
export async function readSettled(ports: readonly number[]): Promise<number> {
  const pages = await Promise.all(ports.map(readMetrics));
  const settled = (metrics: Metrics) =>
    (metrics.get('kv_outcomes_total') ?? 0) - labelledIn(metrics, 'kv_outcomes_total', 'status="duplicate"');
  return pages.reduce((sum, metrics) => sum + settled(metrics), 0);
}

/** Sum of a metric over servers. */
export async function sumMetric(ports: readonly number[], name: string): Promise<number> {
  const pages = await Promise.all(ports.map(readMetrics));
  return pages.reduce((sum, metrics) => sum + (metrics.get(name) ?? 0), 0);
}

/** @param label such as `status="applied"`: the sum of those alone that have it */
function labelledIn(metrics: Metrics, name: string, label: string): number {
  const labelled = [...metrics].filter(([each]) => each.startsWith(`${name}{`) && each.includes(label));
  return labelled.reduce((sum, [, value]) => sum + value, 0);
}
