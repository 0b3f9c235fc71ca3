import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const sizeMiB = 1024;
const pageBytes = 4096;

/** What it takes to have one. */
export const smallDiskNeeds = 'root with CAP_SYS_ADMIN, to mount a tmpfs for the folder of the database';

/** A file system of its own for a folder, in memory, so that it can be filled. */
export class SmallDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    process.on('exit', this.#unmount);
  }

  /** Undefined when this user may not mount one. */
  static mount(folder: string): SmallDisk | undefined {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const options = `size=${sizeMiB}m,mode=0700`;
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'stratakv-site', folder]);
    return status === 0 ? new SmallDisk(folder) : undefined;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder);
    return bavail * bsize;
  }

  /** Leaves no page free. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (let bytes = 1024 * 1024; bytes >= pageBytes; ) {
        try {
          if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes /= 2;
        } catch {
          bytes /= 2;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  close(): void {
    process.off('exit', this.#unmount);
    this.#unmount();
  }

  get #ballast(): string {
    return join(this.#folder, 'ballast');
  }

  readonly #unmount = (): void => {
    spawnSync('umount', ['--lazy', this.#folder]);
  };
}
