import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../framework/eventually.ts';
import type { Commands } from './command.ts';
import type { Engine } from './engine.ts';
import { NetworkState } from './network-state.ts';

/**
 * A Docker engine with everything of its own: images and volumes in `folder`, which stays for the next run, and a socket
 * nobody else uses. What it changes in the machine's network is put back at the end. Needs root.
 */
export class OwnEngine implements Engine {
  readonly env: NodeJS.ProcessEnv;
  readonly about = "a Docker engine of this run's own";
  readonly #folder: string;
  /** For sockets, whose paths may only be 107 bytes long. */
  readonly #runFolder: string;
  readonly #commands: Commands;
  readonly #network: NetworkState;
  #child: ChildProcess | undefined;

  private constructor(folder: string, commands: Commands, network: NetworkState) {
    this.#folder = folder;
    this.#commands = commands;
    this.#network = network;
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 8);
    this.#runFolder = join(tmpdir(), `stratakv-docker-${name}`);
    // Only the builder that is part of this engine: the newer one is a plugin that the distribution does not have.
    this.env = { ...process.env, DOCKER_HOST: `unix://${join(this.#runFolder, 'docker.sock')}`, DOCKER_BUILDKIT: '0' };
  }

  static async start(folder: string, commands: Commands): Promise<OwnEngine> {
    const engine = new OwnEngine(folder, commands, await NetworkState.remember(commands));
    await mkdir(engine.#runFolder, { recursive: true, mode: 0o700 });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await engine.#launch();
    } catch (error) {
      await engine.close();
      throw error;
    }
    return engine;
  }

  /** Ends the engine as when the machine stops, and starts it again. It brings back what ran, in no order. */
  async restart(): Promise<void> {
    await this.#stop();
    await this.#launch();
  }

  async close(): Promise<void> {
    await this.#stop();
    await rm(pidFile(this.#folder), { force: true });
    await rm(this.#runFolder, { recursive: true, force: true });
    await this.#network.restore();
  }

  async #launch(): Promise<void> {
    const logFile = join(this.#folder, 'dockerd.log');
    const log = openSync(logFile, 'a');
    const folders = ['--data-root', join(this.#folder, 'docker'), '--exec-root', join(this.#runFolder, 'exec')];
    const host = ['--host', this.env.DOCKER_HOST ?? '', '--pidfile', join(this.#runFolder, 'dockerd.pid')];
    // In a session of its own: Ctrl-C is for this run, which then takes the containers down in order.
    const child = spawn('dockerd', [...folders, ...host, '--log-level', 'warn'], {
      detached: true,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.on('error', () => {});
    this.#child = child;
    // For the next run, in case this one is killed.
    await writeFile(pidFile(this.#folder), `${child.pid ?? ''}`);
    await eventually(async () => {
      const version = await engineVersion(this.#commands, this.env);
      if (version === '') throw new Error(`dockerd does not answer:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
    }, 60_000);
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), 90_000);
    await ended;
    clearTimeout(impatience);
  }
}

/** Ends the engine of an earlier run that was killed. It is known by the folder in its command line. */
export async function endForgottenEngine(folder: string): Promise<void> {
  const pid = Number(await readFile(pidFile(folder), 'utf8').catch(() => '0'));
  if (pid === 0 || !commandLine(pid).includes(folder)) return;
  process.kill(pid, 'SIGTERM');
  await eventually(async () => {
    if (commandLine(pid).includes(folder)) throw new Error(`dockerd of an earlier run (process ${pid}) does not end`);
  }, 90_000);
}

/** Empty when no engine answers. */
export async function engineVersion(commands: Commands, env: NodeJS.ProcessEnv): Promise<string> {
  const args = ['version', '--format', '{{.Server.Version}}'];
  return (await commands.run('docker', args, { env, mayFail: true, withinMs: 20_000 })).trim();
}

function pidFile(folder: string): string {
  return join(folder, 'dockerd.pid');
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
