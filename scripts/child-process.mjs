import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const COMPILE_CACHE = fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url));

/** The environment, and where Node keeps stripped and compiled modules: without it each start compiles all again. */
export function withCompileCache(env) {
  return { NODE_COMPILE_CACHE: COMPILE_CACHE, ...env };
}

/** A shell's exit code for how a process ended: its own code, or 128 + the number of the signal that killed it. */
export function exitCodeOf(code, signal) {
  return code ?? 128 + (constants.signals[signal] ?? 0);
}

/**
 * Passes this process's SIGINT and SIGTERM on to `child` until it ends, and SIGHUP as SIGTERM.
 * Returns `{ received }`, whose `received` is the last signal passed on, or undefined.
 */
export function passSignalsTo(child) {
  const state = { received: undefined };
  const handler = (signal) => {
    // A closed terminal is to end a store cleanly, and few programs take a SIGHUP for that.
    state.received = signal === 'SIGHUP' ? 'SIGTERM' : signal;
    child.kill(state.received);
  };
  for (const signal of PASSED_ON) process.on(signal, handler);
  child.once('exit', () => {
    for (const signal of PASSED_ON) process.off(signal, handler);
  });
  return state;
}

/**
 * Runs a program to its end. Options are those of `spawn`, and `onStart(pid)`; with `stdio: 'pipe'` what it wrote is collected.
 * Resolves to `{ code, interrupted, output }`; rejects when the program cannot be started.
 */
export function run(command, args, { onStart, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env: withCompileCache(process.env), ...options });
    const signals = passSignalsTo(child);
    if (child.pid !== undefined) onStart?.(child.pid);
    let output = '';
    const collect = (chunk) => {
      output += chunk;
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code: exitCodeOf(code, signal), interrupted: signals.received !== undefined, output });
    });
  });
}
