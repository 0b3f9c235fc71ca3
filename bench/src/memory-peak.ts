import { readFileSync } from 'node:fs';
import { familiesOf } from './process-families.ts';
import type { ByKind, ServerProcess } from './usage.ts';

const everyMs = 250;
const pagesPerMebibyte = 256;

/**
 * Watches the memory of processes while something else goes on. It reads what the kernel has counted (statm): PSS would
 * be truer, but the kernel walks all pages for it and holds the process up, which is seen in the times that are measured.
 */
export class MemoryPeak {
  readonly #pids: readonly (readonly [kind: string, pids: readonly number[]])[];
  readonly #timer: NodeJS.Timeout;
  readonly #peak = new Map<string, number>();

  /** Watches these and the children they have now. */
  constructor(processes: readonly ServerProcess[]) {
    const families = familiesOf(processes.map(({ pid }) => pid));
    this.#pids = processes.map(({ kind, pid }) => [kind, families.get(pid) ?? []] as const);
    this.#look();
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  /** Ends the watch. @returns for each kind, MiB of RSS of all its processes when that was highest */
  end(): ByKind {
    clearInterval(this.#timer);
    this.#look();
    return this.#peak;
  }

  #look(): void {
    const now = new Map<string, number>();
    for (const [kind, pids] of this.#pids) {
      for (const pid of pids) now.set(kind, (now.get(kind) ?? 0) + residentMiB(pid));
    }
    for (const [kind, mib] of now) this.#peak.set(kind, Math.max(mib, this.#peak.get(kind) ?? 0));
  }
}

/** 0 for one that has ended. */
function residentMiB(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ', 2)[1]) / pagesPerMebibyte;
  } catch {
    return 0;
  }
}
