import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bootstrap, ROOT, SetupError } from './bootstrap.mjs';
import { exitCodeOf, passSignalsTo, withCompileCache } from './child-process.mjs';
import { isTaken, waitUntilServing } from './readiness.mjs';
import { forget, logFileOf, remember } from './running-store.mjs';

const READY_WITHIN_SECONDS = 60;
const STOP_WITHIN_MS = 15_000;
const STARTS_ON_TAKEN_PORT_WITHIN_MS = 5_000;

/**
 * Starts the embedded store and waits until it serves; `onReady()` is called then.
 * In the foreground it resolves when the store has ended, in the background (`detach`) when it serves.
 * Resolves to the exit code: 0 after a clean stop or a detached start, the store's own when it ended by itself.
 */
export async function runEmbedded(settings, detach, onReady) {
  const node = await bootstrap({ dev: false });
  // Whoever has the port already would answer our questions in place of the store, which is about to refuse to start.
  const taken = await isTaken(settings.host, settings.port).catch(() => false);
  const store = launch(node, settings, detach);
  if (taken) await Promise.race([store.ended, sleep(STARTS_ON_TAKEN_PORT_WITHIN_MS, undefined, { ref: false })]);

  const stopped = () => store.hasEnded() || store.signals.received !== undefined;
  const obstacle = await waitUntilServing(settings.origin, READY_WITHIN_SECONDS, stopped);
  if (stopped()) return finish(store);
  if (obstacle !== undefined)
    return giveUp(store, `not ready within ${READY_WITHIN_SECONDS} s; the last try: ${obstacle}`);

  try {
    remember(settings.dataDir, { pid: store.pid, origin: settings.origin });
  } catch (error) {
    // Unknown to stop and status, it would run on with nobody to end it.
    return giveUp(store, error.message);
  }
  onReady();
  if (detach) {
    store.leave();
    return 0;
  }
  const code = await finish(store);
  forget(settings.dataDir, store.pid);
  return code;
}

function launch(node, { env, dataDir }, detach) {
  const log = detach ? openLog(logFileOf(dataDir)) : undefined;
  const output = log?.fd ?? 'inherit';
  // A session of its own: a terminal's Ctrl-C reaches this process alone, which then asks the store to stop, once.
  const child = spawn(node, ['embedded/src/main.ts'], {
    cwd: ROOT,
    env: withCompileCache(env),
    detached: true,
    stdio: ['ignore', output, output],
  });
  if (log) closeSync(log.fd);
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const leave = () => child.unref();
  return { pid: child.pid, child, ended, hasEnded, leave, signals: passSignalsTo(child), log };
}

async function finish({ ended, signals, log }) {
  const { code, signal } = await ended;
  if (signals.received !== undefined && signal === signals.received) return 0;
  showNew(log);
  if (signal) console.error(`The store was ended by ${signal}.`);
  return exitCodeOf(code, signal);
}

async function giveUp({ child, ended, log }, reason) {
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await ended;
  clearTimeout(impatience);
  showNew(log);
  console.error(`The store was stopped: ${reason}`);
  return 1;
}

function showNew(log) {
  if (log) process.stderr.write(readFileSync(log.file).subarray(log.startsAt));
}

function openLog(file) {
  try {
    // May make the data folder, which is for its owner alone.
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const startsAt = existsSync(file) ? statSync(file).size : 0;
    return { file, startsAt, fd: openSync(file, 'a') };
  } catch (error) {
    throw new SetupError(`The log file cannot be written: ${error.message}`, 2);
  }
}
