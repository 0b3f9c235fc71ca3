import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManagedProcess } from '../managed-process.ts';
import { processIdentity } from '../process-tree.ts';

const prefix = 'stratakv-servers-';
const ownerFile = 'owner';
const open = new Set<TemporaryFolder>();
let isWatching = false;

/** Files of servers that live as long as a test. They and their processes go with this process, however it ends. */
export class TemporaryFolder {
  readonly path: string;
  readonly #processes: ManagedProcess[] = [];

  constructor() {
    removeLeftovers();
    watchEnd();
    this.path = mkdtempSync(join(tmpdir(), prefix));
    writeFileSync(join(this.path, ownerFile), `${process.pid} ${processIdentity(process.pid)}`);
    open.add(this);
  }

  /** Starts processes at the same time. When one does not get ready, all are gone, the folder too, and it throws. */
  async start(...processes: readonly ManagedProcess[]): Promise<void> {
    this.#processes.push(...processes);
    try {
      await Promise.all(processes.map((each) => each.start()));
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  logFile(name: string): string {
    return join(this.path, 'logs', `${name}.log`);
  }

  /** Kills what runs and removes the folder. */
  async close(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.kill()));
    this.#remove();
  }

  closeNow(): void {
    for (const each of this.#processes) each.killNow();
    this.#remove();
  }

  #remove(): void {
    open.delete(this);
    // A process that was killed a moment ago may still make a file.
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}

function watchEnd(): void {
  if (isWatching) return;
  isWatching = true;
  process.on('exit', () => {
    for (const folder of open) folder.closeNow();
  });
  // Without a handler a signal ends the process without its 'exit' event.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
}

/** A test that was killed could not remove its folder; the kernel ended its servers. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const [pid, identity] = readOwner(folder).split(' ');
    const isOwned = identity === undefined || processIdentity(Number(pid)) === identity;
    if (!isOwned) rmSync(folder, { recursive: true, force: true });
  }
}

function readOwner(folder: string): string {
  try {
    return readFileSync(join(folder, ownerFile), 'utf8');
  } catch {
    // Made a moment ago, or somebody else's.
    return '';
  }
}
