/** Delay of the event loop of a server since it was asked last, milliseconds. */
export interface EventLoopLag {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a Prometheus text says, the values of a name over all its labels summed. */
export type Metrics = ReadonlyMap<string, number>;

const line = /^([a-z_:][a-z0-9_:]*)(\{[^}]*\})? (\S+)$/i;

/** Reads GET /metrics. A label set, written as in the text, may follow the name of what is asked for. */
export async function readMetrics(port: number): Promise<Metrics> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`/metrics answered ${response.status}`);
  const metrics = new Map<string, number>();
  for (const row of text.split('\n')) {
    const [, name, , value] = line.exec(row) ?? [];
    if (name !== undefined) metrics.set(name, (metrics.get(name) ?? 0) + Number(value));
  }
  return metrics;
}

/** What prom-client's histogram saw since the last scrape, which resets it. */
export async function readEventLoopLag(port: number): Promise<EventLoopLag> {
  const metrics = await readMetrics(port);
  const ms = (name: string) => (metrics.get(`nodejs_eventloop_lag_${name}_seconds`) ?? Number.NaN) * 1000;
  return { p50: ms('p50'), p99: ms('p99'), max: ms('max') };
}

/** Operations that have an outcome, since the store was started. */
export async function readSettled(port: number): Promise<number> {
  return (await readMetrics(port)).get('kv_outcomes_total') ?? 0;
}
