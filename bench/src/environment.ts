import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, platform, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { type Spread, spreadOf } from './spread.ts';

/** Where the figures come from. Nothing that names the machine or its folders. */
export interface Environment {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMiB: number;
  readonly system: string;
  readonly node: string;
  /** Whether starts use code that earlier ones compiled, as start.sh has it. */
  readonly hasCompileCache: boolean;
  /** Over 1, 5 and 15 minutes, at the start. Above 0.5 others were working too. */
  readonly loadAverage: readonly number[];
  /** Milliseconds for 4 KiB and an fdatasync, where the data was: the least a durable answer can take. */
  readonly flushMs: Spread;
  readonly commit: string;
  /** Whether there were changes that are in no commit, other than results and reports of load tests. */
  readonly isDirty: boolean;
  readonly startedAt: string;
}

const flushes = 200;

export function readEnvironment(): Environment {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    hasCompileCache: process.env.NODE_COMPILE_CACHE !== undefined,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
    flushMs: measureFlush(),
    commit: git('rev-parse', '--short=12', 'HEAD') ?? 'none',
    isDirty:
      git('status', '--porcelain', '--', '.', ':!bench/results', ':!docs/load-tests', ':!docs/load-tests.md') !== '',
    startedAt: new Date().toISOString(),
  };
}

function measureFlush(): Spread {
  const path = join(tmpdir(), `stratakv-bench-flush-${process.pid}`);
  const file = openSync(path, 'w');
  try {
    const block = Buffer.alloc(4096, 1);
    const times = Array.from({ length: flushes }, () => {
      const startedAt = performance.now();
      writeSync(file, block);
      fdatasyncSync(file);
      return performance.now() - startedAt;
    });
    return spreadOf(times);
  } finally {
    closeSync(file);
    rmSync(path, { force: true });
  }
}

/** What git says, or undefined where there is none. */
function git(...words: readonly string[]): string | undefined {
  try {
    return execFileSync('git', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
