/** What a metric was seen with. */
export interface SeenMetric {
  /** Values by label. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** All metrics of some pages, by the name of a sample (`…_bucket`, `…_sum` and `…_count` each for itself). */
export type SeenMetrics = ReadonlyMap<string, SeenMetric>;

/**
 * Reads pages in the Prometheus text format. A metric that is announced but has no sample yet, because nothing was counted,
 * is there too: without labels.
 */
export function readMetricsPages(pages: readonly string[]): SeenMetrics {
  const seen = new Map<string, Map<string, Set<string>>>();
  const labelsOf = (name: string) => {
    const labels = seen.get(name) ?? new Map<string, Set<string>>();
    seen.set(name, labels);
    return labels;
  };
  for (const line of pages.flatMap((page) => page.split('\n'))) {
    const [, announced] = /^# TYPE (\S+) (?:counter|gauge)$/.exec(line) ?? [];
    if (announced !== undefined) labelsOf(announced);
    const [, name, braces = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+/.exec(line) ?? [];
    if (name === undefined) continue;
    const labels = labelsOf(name);
    for (const [, label = '', value = ''] of braces.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
      labels.set(label, (labels.get(label) ?? new Set()).add(value));
    }
  }
  return new Map([...seen].map(([name, labels]) => [name, { labels }]));
}
