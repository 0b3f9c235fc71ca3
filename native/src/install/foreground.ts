import { spawn } from 'node:child_process';

/** How a program ended, and what it wrote. */
export interface Finished {
  /** 127 when it could not be started, 128 when a signal ended it. */
  readonly code: number;
  readonly output: string;
}

/**
 * Runs a program to its end in the terminal's process group. Ctrl-C reaches it as well, and it is waited for all the
 * same: a package manager that is killed half-way leaves repairs to do.
 */
export async function runInForeground(command: string, args: readonly string[]): Promise<Finished> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const wait = () => {};
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, wait);
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const { promise, resolve } = Promise.withResolvers<number>();
  child.once('error', (error) => {
    output += error.message;
    resolve(127);
  });
  child.once('close', (code) => resolve(code ?? 128));
  const code = await promise;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, wait);
  return { code, output: output.trim() };
}
