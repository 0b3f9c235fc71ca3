import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { install, isInstallMode } from '../../../native/src/install/install.ts';

/** One of each kind: the others keep the time. */
export const movableClocks = ['gateway-2', 'storage-node-2', 'consumer-2'] as const;
export type MovableClock = (typeof movableClocks)[number];

/**
 * Clocks of processes that can be moved while they run: Debian's libfaketime stands between them and the system's, and
 * looks each second into a file how far off to be. Durations are not touched.
 */
export class MovedClocks {
  readonly #folder: string;
  readonly #library: string;
  readonly #moved = new Set<MovableClock>();

  private constructor(folder: string, library: string) {
    this.#folder = folder;
    this.#library = library;
  }

  /** Installs what it needs. @param folder for the files @throws InstallError when it is missing and may not be installed */
  static async prepare(folder: string): Promise<MovedClocks> {
    const { KV_INSTALL = 'auto' } = process.env;
    const mode = isInstallMode(KV_INSTALL) ? KV_INSTALL : 'auto';
    await install({ programs: ['faketime'], mode, say: (line) => process.stderr.write(`${line}\n`) });
    mkdirSync(folder, { recursive: true });
    const clocks = new MovedClocks(folder, findLibrary());
    for (const name of movableClocks) clocks.move(name, 0);
    return clocks;
  }

  /** What the environment of a process has, so that its clock can be moved. */
  environment(process: MovableClock): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: join(this.#folder, process),
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_CACHE_DURATION: '1',
    };
  }

  /** Whether it was ever wrong. */
  hasMoved(process: MovableClock): boolean {
    return this.#moved.has(process);
  }

  /** It notices within a second or two. @param seconds how far off; 0 is right */
  move(process: MovableClock, seconds: number): void {
    const file = join(this.#folder, process);
    if (seconds !== 0) this.#moved.add(process);
    writeFileSync(`${file}.new`, `${seconds < 0 ? '' : '+'}${seconds}\n`);
    renameSync(`${file}.new`, file);
  }
}

function findLibrary(): string {
  const machines = readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu'));
  const files = machines.map((machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`);
  const found = files.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`faketime is installed, but there is no ${files.join(' or ')}`);
  return found;
}
