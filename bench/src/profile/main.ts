import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvironment } from '../environment.ts';
import { LayeredStore } from '../layered-store.ts';
import { Generator } from '../load.ts';
import { makeDataFolder, startStore } from '../server.ts';
import type { Workload } from '../workload.ts';
import { type ProfileCommand, type ProfiledLoad, profileUsage, readProfileCommand } from './command-line.ts';
import { findHotSpots } from './hot-spots.ts';
import { profileProcess } from './inspector.ts';
import { type ProfileFigures, renderProfile } from './report.ts';

// Usage: npm run profile -- --help

const results = new URL('../../results/', import.meta.url);
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

/** A store that is profiled. */
interface Subject {
  readonly port: number;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

async function run(asked: ProfileCommand): Promise<void> {
  const environment = readEnvironment();
  const folder = await makeDataFolder();
  const subject = await (asked.kind === 'embedded'
    ? startEmbedded(folder.path)
    : startLayered(folder.path, asked.kind));
  const generator = await Generator.start();
  try {
    const figures = { asked, environment, ...(await profile(asked, subject, generator)) };
    const report = renderProfile(figures);
    process.stdout.write(report);
    if (asked.isKept) await writeFile(new URL(`profile-${asked.kind}-${asked.load}.md`, results), report);
  } finally {
    generator.close();
    await subject.stop();
    await folder.remove();
  }
}

async function startEmbedded(folder: string): Promise<Subject> {
  const { port, pid, close } = await startStore(folder);
  return { port, pid, stop: close };
}

/** @throws Error when the store has no process of that kind */
async function startLayered(folder: string, kind: ProfileCommand['kind']): Promise<Subject> {
  const store = await LayeredStore.start(folder);
  const [pid] = store.processesOf(kind);
  if (pid === undefined) throw new Error(`The store has no ${kind}.`);
  return { port: store.whole.port, pid, stop: () => store.stop() };
}

async function profile(
  { kind, load: name }: ProfileCommand,
  { port, pid }: Subject,
  generator: Generator,
): Promise<Pick<ProfileFigures, 'answers' | 'spots'>> {
  const fill: Workload = { ...put, distribution: 'in order', waitSeconds: 30 };
  await generator.send({ ...load, port, workload: fill, warmupSeconds: 0, count: entries, seed: 0 });
  const loading = generator.send({ ...load, port, workload: workloads[name], seed: 1 });
  await sleep(profiledAfterMs);
  const found = await profileProcess(pid, profiledSeconds);
  const { answers, seconds } = await loading;
  await writeFile(`${kind}-${name}.cpuprofile`, JSON.stringify(found));
  return { answers: answers / seconds, spots: findHotSpots(found) };
}
