import { readFileSync } from 'node:fs';
import { familiesOf } from './process-families.ts';
import { memoryOf } from './process-usage.ts';

/** A process of a server, and what it is: `nginx`, `gateway`, `etcd`. */
export interface ServerProcess {
  readonly kind: string;
  readonly pid: number;
}

/** Of each kind of process: CPU seconds, or MiB. */
export type ByKind = ReadonlyMap<string, number>;

/** Ticks a second of utime and stime (proc(5)); 100 on every Linux that Node supports. */
const ticksPerSecond = 100;

/** CPU seconds so far, user and system, of the processes of each kind, their children and what was a child of them. */
export function cpuByKind(processes: readonly ServerProcess[]): ByKind {
  return byKind(processes, (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold spaces; what follows its bracket does not. utime, stime, and of ended children cutime, cstime.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
  });
}

/** MiB; by default of PSS: pages that processes share count once in all. */
export function memoryByKind(processes: readonly ServerProcess[], of: 'pss' | 'rss' = 'pss'): ByKind {
  return byKind(processes, (pid) => memoryOf(pid)[of]);
}

function byKind(processes: readonly ServerProcess[], usageOf: (pid: number) => number): ByKind {
  const usage = new Map<string, number>();
  const families = familiesOf(processes.map(({ pid }) => pid));
  for (const { kind, pid } of processes) {
    for (const each of families.get(pid) ?? []) usage.set(kind, (usage.get(kind) ?? 0) + orNone(() => usageOf(each)));
  }
  return usage;
}

/** A child may have ended since it was listed. */
function orNone(read: () => number): number {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return 0;
    throw error;
  }
}
