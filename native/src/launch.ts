import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { findProgram } from './program.ts';
import { unprivilegedUser } from './unprivileged-user.ts';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LaunchOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default `/`. */
  readonly cwd?: string;
  readonly isUnprivileged?: boolean;
  /** Opened as descriptor 3: see `ProcessSpec`. */
  readonly folder?: string;
  readonly orphanSignal?: NodeJS.Signals;
  readonly stdio: readonly ['pipe' | 'ignore', 'pipe' | number, 'pipe' | number];
}

const inherited = ['PATH', 'HOME', 'TMPDIR', 'TZ'];

/**
 * Starts a program as the leader of a process group of its own, so that a terminal's Ctrl-C does not reach it. It dies
 * with this process: the kernel sends `orphanSignal` when the thread that spawned it ends, so call this on the main thread.
 */
export function launch(command: string, options: LaunchOptions): ChildProcess {
  const { args, env, cwd = '/', isUnprivileged = false, folder, orphanSignal = 'SIGKILL', stdio } = options;
  const user = isUnprivileged ? unprivilegedUser() : undefined;
  // setpriv becomes the program. It sets the signal last: a change of user would clear it.
  const privileges = user ? ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups'] : [];
  const wrapped = [...privileges, '--pdeathsig', orphanSignal.replace(/^SIG/, ''), '--', command, ...args];
  const held = folder === undefined ? [] : [openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY)];
  try {
    return spawn(findProgram('setpriv'), wrapped, {
      env: { ...inheritedEnvironment(), ...env },
      cwd,
      detached: true,
      stdio: [...stdio, ...held],
    });
  } finally {
    for (const descriptor of held) closeSync(descriptor);
  }
}

/**
 * Runs a program to its end, with `input` as its stdin.
 *
 * @returns what it wrote to stdout and stderr
 * @throws Error with that output when it cannot be started or does not end with 0
 */
export async function runToEnd(
  command: string,
  { input = '', ...options }: Omit<LaunchOptions, 'stdio'> & { readonly input?: string },
): Promise<string> {
  const child = launch(command, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  // A program that ends without reading its input is judged by its exit code.
  child.stdin?.on('error', () => {});
  child.stdin?.end(input);
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}:\n${output.trim()}`);
  return output;
}

function inheritedEnvironment(): Record<string, string> {
  const pairs = inherited.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined));
}
