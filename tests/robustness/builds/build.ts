import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyPatches, type Patch } from './patch.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
/** What a store runs from. */
const sources = [
  'adapters',
  'consumer',
  'core',
  'embedded',
  'envoy',
  'gateway',
  'native',
  'nginx',
  'service-kit',
  'storage-node',
  'package.json',
  'tsconfig.json',
];

/**
 * A copy of the store's source with patches, to run stores from. What is tested this way, a mechanism taken away or a
 * place where a process can be made to fail, is in no build that anybody else can start, and costs those nothing.
 */
export class Build {
  /** The copy of the repository's folder. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
    process.on('exit', this.#remove);
  }

  /** @throws Error when a patch does not fit */
  static async make(patches: readonly Patch[]): Promise<Build> {
    const build = new Build(mkdtempSync(join(tmpdir(), 'stratakv-build-')));
    try {
      await build.#copy();
      build.#link();
      for (const [file, own] of Map.groupBy(patches, ({ file }) => file)) build.#patch(file, own);
      return build;
    } catch (error) {
      build.close();
      throw error;
    }
  }

  /** A file of the copy. @param path relative to the repository's folder */
  file(path: string): string {
    return join(this.folder, path);
  }

  close(): void {
    process.off('exit', this.#remove);
    this.#remove();
  }

  readonly #remove = (): void => rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });

  async #copy(): Promise<void> {
    const filter = (path: string) => !/\/(node_modules|test|dist)$/.test(path);
    for (const source of sources) await cp(join(repository, source), this.file(source), { recursive: true, filter });
  }

  /** Packages of others are shared with the repository; its own are those of the copy. */
  #link(): void {
    const modules = this.file('node_modules');
    mkdirSync(join(modules, '@stratakv'), { recursive: true });
    for (const name of readdirSync(join(repository, 'node_modules'))) {
      if (name !== '@stratakv' && name !== '.cache')
        symlinkSync(join(repository, 'node_modules', name), join(modules, name));
    }
    for (const name of readdirSync(join(repository, 'node_modules', '@stratakv'))) {
      const workspace = workspaceOf(name);
      symlinkSync(this.file(workspace), join(modules, '@stratakv', name));
    }
    symlinkSync(join(repository, '.tools'), this.file('.tools'));
  }

  #patch(file: string, patches: readonly Patch[]): void {
    writeFileSync(this.file(file), applyPatches(readFileSync(this.file(file), 'utf8'), patches));
  }
}

/** `adapter-sql` lies in adapters/sql; the others in folders of their names. */
function workspaceOf(name: string): string {
  return name.replace(/^adapter-/, 'adapters/');
}
