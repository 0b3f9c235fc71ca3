import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LayeredStore } from '../layered-store.ts';
import { Generator } from '../load.ts';
import type { Workload } from '../workload.ts';
import { type ProfileCommand, type ProfiledLoad, profileUsage, readProfileCommand } from './command-line.ts';
import { findHotSpots, type HotSpot } from './hot-spots.ts';
import { profileProcess } from './inspector.ts';

// Usage: npm run profile -- --help

const entries = 10_000;
const load = { connections: 64, warmupSeconds: 2, seconds: 8 };
const profiledAfterMs = 3_000;
const profiledSeconds = 5;
const put = { kind: 'put', entries, valueBytes: 128 } as const;
const workloads: Readonly<Record<ProfiledLoad, Workload>> = {
  get: { kind: 'get', entries, distribution: 'uniform', valueBytes: 128 },
  put: { ...put, distribution: 'uniform' },
  'waited-put': { ...put, distribution: 'uniform', waitSeconds: 30 },
};

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const command = readProfileCommand(process.argv.slice(2));
if (command === 'help') process.stdout.write(profileUsage);
else if (command === undefined) {
  process.stderr.write(profileUsage);
  process.exitCode = 2;
} else await run(command);

async function run(asked: ProfileCommand): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'stratakv-profile-'));
  const store = await LayeredStore.start(folder);
  const generator = await Generator.start();
  try {
    await profile(asked, store, generator);
  } finally {
    generator.close();
    await store.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function profile({ kind, load: name }: ProfileCommand, store: LayeredStore, generator: Generator): Promise<void> {
  const fill: Workload = { ...put, distribution: 'in order', waitSeconds: 30 };
  const { port } = store.whole;
  await generator.send({ ...load, port, workload: fill, warmupSeconds: 0, count: entries, seed: 0 });
  const [pid] = store.processesOf(kind);
  if (pid === undefined) throw new Error(`The store has no ${kind}.`);
  const loading = generator.send({ ...load, port, workload: workloads[name], seed: 1 });
  await sleep(profiledAfterMs);
  const found = await profileProcess(pid, profiledSeconds);
  const { answers, seconds } = await loading;
  const file = `${kind}-${name}.cpuprofile`;
  await writeFile(file, JSON.stringify(found));
  const { busy, places, functions } = findHotSpots(found);
  console.log(
    `${kind} under ${name}: ${Math.round(answers / seconds)} answers/s, busy ${percent(busy)} of the time; ${file}`,
  );
  console.log(`\n self  total  by place\n${lines(places, 15)}\n\n self  total  by function\n${lines(functions, 40)}`);
}

function lines(spots: readonly HotSpot[], count: number): string {
  return spots
    .slice(0, count)
    .map(({ self, total, name }) => `${percent(self)} ${percent(total)}  ${name}`)
    .join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`.padStart(7);
}
