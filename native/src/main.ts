import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createLogger,
  exitOnConfigError,
  keepMode,
  Lifecycle,
  prepareDataFolder,
  StartError,
} from '@stratakv/service-kit';
import { keepLogsBounded } from './bounded-logs.ts';
import { readNativeConfig } from './config.ts';
import { lockFolder } from './folder-lock.ts';
import { checkListen } from './listen-check.ts';
import { ProcessNotReady } from './managed-process.ts';
import { MissingProgram } from './program.ts';
import { reporter } from './report.ts';
import { RunFile } from './run-file.ts';
import { Stack } from './stack.ts';

const servesWithinMs = 60_000;

// Secrets and data are for their owner alone.
process.umask(0o077);

const startedAt = performance.now();
const say = (line: string) => process.stdout.write(`${line}\n`);
const config = exitOnConfigError(() => readNativeConfig(process.env));
// Stopping takes as long as its slowest stage, and there are four.
const lifecycle = new Lifecycle({ logger: createLogger({ service: 'native', level: 'warn' }), deadlineMs: 60_000 });
lifecycle.onSignals();

try {
  const isInstalled = prepareDataFolder(config.dataDir, 'native');
  const lock = await lockFolder(config.dataDir);
  lifecycle.push('data folder', () => lock.close());
  await checkListen(config);

  const runFile = new RunFile(config.dataDir);
  for (const name of await runFile.endLeftovers()) say(`Ended ${name}, which a former stack had left running.`);
  const stack: Stack = await Stack.plan(
    config,
    process.env,
    reporter(say, () => void runFile.write(stack)),
  );
  if (!isInstalled) keepMode(config.dataDir, 'native');
  lifecycle.push('run file', () => runFile.remove());
  await runFile.write(stack);

  say(`Starting ${stack.members.length} processes; their logs are in ${config.dataDir}/logs.`);
  lifecycle.push('logs', keepLogsBounded(join(config.dataDir, 'logs')));
  lifecycle.push('stack', () => stack.stop());
  await stack.start();
  await untilServing(stack);
  say(`Ready at ${stack.url} after ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  // After the line, which ./start.sh shows when it finds the note.
  await runFile.markStarted(stack);
} catch (error) {
  // A signal while starting ends the processes that are waited for.
  if (!lifecycle.isClosing) {
    await lifecycle.close();
    process.stderr.write(`StrataKV did not start. ${explain(error)}\n`);
    process.exitCode = 1;
  }
}

/** Until every service is ready, and the store as a whole. @throws StartError with what it lacks when that takes longer than a minute */
async function untilServing({ url, members }: Stack): Promise<void> {
  const services = members.flatMap(({ metricsUrl, kind }) =>
    metricsUrl === undefined || kind === 'envoy' ? [] : [new URL('/readyz', metricsUrl).href],
  );
  let last = 'no answer';
  for (const deadline = performance.now() + servesWithinMs; !lifecycle.isClosing; await sleep(50)) {
    // Through the edge last: with one gateway ready, Envoy may still ask all of them.
    const [page = `${url}/readyz`] = services;
    const answer = await fetch(page, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer) last = `${page}: ${answer.status} ${await answer.text()}`;
    if (answer?.status === 200 && services.shift() === undefined) return;
    if (performance.now() < deadline) continue;
    throw new StartError(`Its processes run, but it is not ready: ${last.trim()}`, `Look at ${config.dataDir}/logs.`);
  }
}

function explain(error: unknown): string {
  if (error instanceof StartError) return `${error.message} ${error.advice}`;
  if (error instanceof MissingProgram || error instanceof ProcessNotReady) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
