// Writes where Prometheus finds the processes of `./start.sh native`, as prometheus.native.yml reads it.
//
//   node deploy/observability/native-targets.mjs DATA_DIR > deploy/observability/native-targets.json

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [dataDir = 'data'] = process.argv.slice(2);
const { processes } = JSON.parse(readFileSync(join(dataDir, 'run', 'native.json'), 'utf8'));

/** A group of targets for each kind of process, which becomes the job. @type {Map<string, string[]>} */
const jobs = new Map();
for (const { kind, metricsUrl } of processes) {
  if (metricsUrl === undefined) continue;
  jobs.set(kind, [...(jobs.get(kind) ?? []), new URL(metricsUrl).host]);
}
const groups = [...jobs].map(([job, targets]) => ({ targets, labels: { job } }));
process.stdout.write(`${JSON.stringify(groups, null, 2)}\n`);
