import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { K6Command } from './arguments.ts';
import { type Figures, readFigures, type Summary } from './figures.ts';
import { type Point, readRecording } from './recording.ts';

const scriptsFolder = fileURLToPath(new URL('../../k6/', import.meta.url));
/** The codes of a run that came to its end, with every threshold held and not. */
const finished = [0, 99];
/** Lines of k6 that are shown; a store that answers everything wrong would fill the screen. */
const shownLines = 10;
/** A plot has about as many points as it can show. */
const maxPoints = 300;

export interface K6Result {
  readonly figures: Figures;
  readonly points: readonly Point[];
}

export interface K6Options {
  /** The program. */
  readonly k6: string;
  readonly command: K6Command;
  readonly url: string;
  /** Ends it early. */
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/**
 * Runs a scenario to its end.
 *
 * @throws Error when k6 could not run it, or it was ended early; what k6 said was told before
 */
export async function runK6({ k6, command, url, signal, tell }: K6Options): Promise<K6Result> {
  const folder = await mkdtemp(join(tmpdir(), 'stratakv-k6-'));
  try {
    const period = Math.ceil(command.parameters.seconds / maxPoints);
    const [summary, recording] = [join(folder, 'summary.json'), join(folder, 'recording.ndjson')];
    const args = argumentsOf(command, { url, summary, recording, period });
    const code = await run(k6, args, { HOME: folder }, signal, tell);
    signal.throwIfAborted();
    if (!finished.includes(code)) throw new Error(`k6 did not finish the run (exit ${code}).`);
    return {
      figures: readFigures(JSON.parse(await readFile(summary, 'utf8')) as Summary, command.parameters.seconds),
      points: readRecording(await readFile(recording, 'utf8'), period),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Files {
  readonly url: string;
  readonly summary: string;
  readonly recording: string;
  /** Seconds. */
  readonly period: number;
}

function argumentsOf(command: K6Command, { url, summary, recording, period }: Files): readonly string[] {
  const { scenario, parameters, html } = command;
  const dashboard = ['port=-1', `period=${period}s`, `record=${recording}`];
  if (html !== undefined) dashboard.push(`export=${resolve(html)}`);
  const settings: Readonly<Record<string, string | number>> = {
    STORE_URL: url,
    STORE_RUN: `${scenario}-${Date.now().toString(36)}`,
    STORE_SUMMARY: summary,
    STORE_RATE: parameters.rate,
    STORE_SECONDS: parameters.seconds,
    STORE_KEYS: parameters.keys,
    STORE_VALUE_BYTES: parameters.valueBytes,
    STORE_CONNECTIONS: parameters.connections,
    // A store of our own goes as a whole.
    ...(command.url === undefined ? { STORE_KEEP: 'yes' } : {}),
  };
  return [
    ...['run', '--quiet', '--no-color', '--no-usage-report', '--log-format=raw'],
    // No server beside it.
    ...['--address', '', '--out', `web-dashboard=${dashboard.join('&')}`],
    ...Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
    join(scriptsFolder, `${scenario}.ts`),
  ];
}

async function run(
  k6: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  tell: (line: string) => void,
): Promise<number> {
  const child = spawn(k6, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  let lines = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines += 1;
    if (lines <= shownLines) tell(`k6: ${line}`);
  });
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (lines > shownLines) tell(`k6: … and ${lines - shownLines} more lines`);
    return code ?? -1;
  } finally {
    process.off('exit', killAtExit);
    signal.removeEventListener('abort', end);
  }
}
