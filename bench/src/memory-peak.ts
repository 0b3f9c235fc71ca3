import { type ByKind, memoryByKind, type ServerProcess } from './usage.ts';

const everyMs = 500;

/** Watches the memory of processes while something else goes on. */
export class MemoryPeak {
  readonly #processes: () => readonly ServerProcess[];
  readonly #timer: NodeJS.Timeout;
  readonly #peak = new Map<string, number>();

  constructor(processes: () => readonly ServerProcess[]) {
    this.#processes = processes;
    this.#look();
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  /** Ends the watch. @returns MiB of PSS of each kind when it was highest */
  end(): ByKind {
    clearInterval(this.#timer);
    this.#look();
    return this.#peak;
  }

  #look(): void {
    for (const [kind, now] of memoryByKind(this.#processes()))
      this.#peak.set(kind, Math.max(now, this.#peak.get(kind) ?? 0));
  }
}
