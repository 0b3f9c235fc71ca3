import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../framework/eventually.ts';
import type { Commands } from './command.ts';

/** A Docker engine to test with. */
export interface Engine {
  /** For `docker` and `docker compose`. */
  readonly env: NodeJS.ProcessEnv;
  readonly about: string;
  /** Ends the engine, if this run started it. */
  close(): Promise<void>;
}

/** The engine that runs already, if there is one; else one of our own, which needs root and the package docker.io. */
export async function openEngine(folder: string, commands: Commands): Promise<Engine> {
  await endForgottenEngine(folder);
  const version = await engineVersion(commands, process.env);
  if (version !== '') {
    return { env: process.env, about: `the Docker engine ${version} that runs here`, close: () => Promise.resolve() };
  }
  return startEngine(folder, commands);
}

/** Empty when no engine answers. */
async function engineVersion(commands: Commands, env: NodeJS.ProcessEnv): Promise<string> {
  const args = ['version', '--format', '{{.Server.Version}}'];
  return (await commands.run('docker', args, { env, mayFail: true, withinMs: 20_000 })).trim();
}

/**
 * An engine with everything of its own: images and volumes in `folder`, which stays for the next run, and a socket nobody
 * else uses. What it changes in the machine's network is put back at the end.
 */
async function startEngine(folder: string, commands: Commands): Promise<Engine> {
  const network = await rememberNetwork(commands);
  // Paths of sockets may only be 107 bytes long.
  const run = join(tmpdir(), `stratakv-docker-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`);
  await mkdir(run, { recursive: true, mode: 0o700 });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const host = `unix://${join(run, 'docker.sock')}`;
  const log = openSync(join(folder, 'dockerd.log'), 'w');
  const folders = ['--data-root', join(folder, 'docker'), '--exec-root', join(run, 'exec')];
  const args = [...folders, '--pidfile', join(run, 'dockerd.pid'), '--host', host, '--log-level', 'warn'];
  // In a session of its own: Ctrl-C is for this run, which then takes the containers down in order.
  const child = spawn('dockerd', args, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  // For the next run, in case this one is killed.
  await writeFile(pidFile(folder), `${child.pid ?? ''}`);

  const close = async () => {
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), 60_000);
    await ended;
    clearTimeout(impatience);
    await rm(pidFile(folder), { force: true });
    await rm(run, { recursive: true, force: true });
    await network.restore();
  };
  // Only the builder that is part of this engine: the newer one is a plugin that the distribution does not have.
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_BUILDKIT: '0' };
  try {
    const version = await eventually(async () => {
      const answer = await engineVersion(commands, env);
      if (answer === '') throw new Error(readFileSync(join(folder, 'dockerd.log'), 'utf8').slice(-2000));
      return answer;
    }, 60_000);
    return { env, about: `a Docker engine ${version} of this run's own`, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Rules of the packet filter, forwarding and the bridge, as they were before an engine changed them. */
async function rememberNetwork(commands: Commands): Promise<{ restore(): Promise<void> }> {
  const rules = await commands.run('iptables-save', []);
  const forwarding = '/proc/sys/net/ipv4/ip_forward';
  const forwarded = await readFile(forwarding, 'utf8');
  const hadBridge = existsSync('/sys/class/net/docker0');
  return {
    async restore() {
      await commands.run('iptables-restore', [], { input: rules });
      // Tables that were empty are not in the list of rules.
      for (const table of ['filter', 'nat']) {
        if (rules.includes(`*${table}`)) continue;
        await commands.run('iptables', ['-t', table, '-F']);
        await commands.run('iptables', ['-t', table, '-X']);
        if (table === 'filter') await commands.run('iptables', ['-P', 'FORWARD', 'ACCEPT']);
      }
      await writeFile(forwarding, forwarded);
      if (!hadBridge) await commands.run('ip', ['link', 'delete', 'docker0'], { mayFail: true });
    },
  };
}

function pidFile(folder: string): string {
  return join(folder, 'dockerd.pid');
}

/** A run that was killed leaves its engine behind. It is known by the folder in its command line. */
async function endForgottenEngine(folder: string): Promise<void> {
  const pid = Number(await readFile(pidFile(folder), 'utf8').catch(() => '0'));
  if (pid === 0 || !commandLine(pid).includes(folder)) return;
  process.kill(pid, 'SIGTERM');
  await eventually(async () => {
    if (commandLine(pid).includes(folder)) throw new Error(`dockerd of an earlier run (process ${pid}) does not end`);
  }, 60_000);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
