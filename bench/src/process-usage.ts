import { readdirSync, readFileSync } from 'node:fs';

/* What the kernel counts of a process (proc(5)). Linux only, like the figures this benchmark states. */

/** Ticks of utime and stime; 100 on every Linux that Node supports. */
const ticksPerSecond = 100;
const kibibytesPerMebibyte = 1024;

export interface ThreadUsage {
  readonly name: string;
  readonly cpuMicros: number;
}

export interface MemoryUsage {
  /** MiB of VmRSS. */
  readonly rss: number;
  /** MiB of Pss: pages shared with other processes count in part. */
  readonly pss: number;
  /** MiB of RssAnon: without the pages of the program and other files. */
  readonly anonymous: number;
  /** MiB of VmHWM: the highest VmRSS so far. */
  readonly peakRss: number;
}

/** CPU time of a process so far, user and system, all threads, microseconds; to 10,000. */
export function cpuMicrosOf(pid: number): number {
  return ticks(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** CPU time of the threads of a process so far, by name; those of one name are summed. */
export function threadsOf(pid: number): ThreadUsage[] {
  const byName = new Map<string, number>();
  let workers = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    // The threads of a program of its own are told apart by their order; in the store the writer is the first.
    if (name === 'WorkerThread') workers += 1;
    const known = name === 'WorkerThread' ? `${name} ${workers}` : name;
    byName.set(known, (byName.get(known) ?? 0) + ticks(stat));
  }
  return [...byName].map(([name, cpuMicros]) => ({ name, cpuMicros }));
}

export function memoryOf(pid: number): MemoryUsage {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return {
    rss: mebibytes(status, 'VmRSS'),
    pss: mebibytes(rollup, 'Pss'),
    anonymous: mebibytes(status, 'RssAnon'),
    peakRss: mebibytes(status, 'VmHWM'),
  };
}

function ticks(stat: string): number {
  // The name may hold spaces; what follows its bracket does not.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond;
}

function mebibytes(text: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1];
  return Number(found ?? Number.NaN) / kibibytesPerMebibyte;
}
