import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT, SetupError } from './bootstrap.mjs';
import { exitCodeOf, passSignalsTo, withCompileCache } from './child-process.mjs';
import { PROCESS_MODES, prepareMode } from './modes.mjs';
import { isTaken, waitUntilServing } from './readiness.mjs';
import { forget, hasNotedStart, logFileOf, remember } from './running-store.mjs';

const STARTS_ON_TAKEN_PORT_WITHIN_MS = 5_000;

/**
 * Starts a store that is one process (`mode` is a name in PROCESS_MODES) and waits until it serves; `onReady()` is called then.
 * In the foreground it resolves when the store has ended, in the background (`detach`) when it serves.
 * Resolves to the exit code: 0 after a clean stop or a detached start, the store's own when it ended by itself.
 */
export async function runStore(mode, settings, detach, onReady) {
  const { readySeconds, keepsNote, tellsProgress } = PROCESS_MODES[mode];
  const { node, code: obstacleCode } = await prepareMode(mode);
  if (node === undefined) return obstacleCode;
  // Whoever has the port already would answer our questions in place of the store, which is about to refuse to start.
  const taken = await isTaken(settings.host, settings.port).catch(() => false);
  const store = launch(node, mode, settings, detach);
  const progress = setInterval(() => tellsProgress && store.log?.showNew(process.stdout), 100);
  if (taken) await Promise.race([store.ended, sleep(STARTS_ON_TAKEN_PORT_WITHIN_MS, undefined, { ref: false })]);

  const stopped = () => store.hasEnded() || store.signals.received !== undefined;
  const hasStarted = () => !keepsNote || hasNotedStart(settings.dataDir, mode, store.pid);
  const obstacle =
    (await waitUntilServing(settings.origin, readySeconds, stopped)) ??
    (await waitUntilStarted(hasStarted, readySeconds, stopped));
  clearInterval(progress);
  if (stopped()) return finish(store);
  if (obstacle !== undefined) return giveUp(store, `not ready within ${readySeconds} s; the last try: ${obstacle}`);

  try {
    if (!keepsNote) remember(settings.dataDir, mode, { pid: store.pid, origin: settings.origin });
  } catch (error) {
    // Unknown to stop and status, it would run on with nobody to end it.
    return giveUp(store, error.message);
  }
  if (tellsProgress) store.log?.showNew(process.stdout);
  onReady();
  if (detach) {
    store.leave();
    return 0;
  }
  const code = await finish(store);
  if (!keepsNote) forget(settings.dataDir, mode, store.pid);
  return code;
}

/** What serves may still miss some of its services. Resolves to undefined once it has all of them, else to a sentence. */
async function waitUntilStarted(hasStarted, seconds, stopped) {
  for (const deadline = Date.now() + seconds * 1000; !hasStarted() && !stopped(); await sleep(25)) {
    if (Date.now() > deadline) return 'it serves, but some of its services are not ready';
  }
  return undefined;
}

function launch(node, mode, { env, dataDir }, detach) {
  const { main, stopSeconds } = PROCESS_MODES[mode];
  const log = detach ? openLog(logFileOf(dataDir, mode)) : undefined;
  const output = log?.fd ?? 'inherit';
  // A session of its own: a terminal's Ctrl-C reaches this process alone, which then asks the store to stop, once.
  const child = spawn(node, [main], {
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
  return { pid: child.pid, child, ended, hasEnded, leave, signals: passSignalsTo(child), log, stopSeconds };
}

async function finish({ ended, signals, log }) {
  const { code, signal } = await ended;
  if (signals.received !== undefined && signal === signals.received) return 0;
  log?.showNew(process.stderr);
  if (signal) console.error(`The store was ended by ${signal}.`);
  return exitCodeOf(code, signal);
}

async function giveUp({ child, ended, log, stopSeconds }, reason) {
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1000);
  await ended;
  clearTimeout(impatience);
  log?.showNew(process.stderr);
  console.error(`The store was stopped: ${reason}`);
  return 1;
}

/** Opens a log to be appended to. `showNew(stream)` writes what came since it was opened, or since the last call. */
function openLog(file) {
  try {
    // May make the data folder, which is for its owner alone.
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    let shown = existsSync(file) ? statSync(file).size : 0;
    const fd = openSync(file, 'a');
    const showNew = (stream) => {
      const text = readFileSync(file).subarray(shown);
      shown += text.length;
      stream.write(text);
    };
    return { fd, showNew };
  } catch (error) {
    throw new SetupError(`The log file cannot be written: ${error.message}`, 2);
  }
}
