import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { Mode, RunSettings } from './run-settings.ts';

export const usage = `Usage: npm run robustness -- [OPTION...]
       npm run robustness -- judge FOLDER
       npm run robustness -- mutations [NAME...] [--target=MODE] [--seed=N]

Sends traffic to a store, lets faults happen to it, and holds every answer against what is promised. Prints what was
accepted, applied and lost, what each check found, and the line that repeats the run. Exit code 1: a check refused it.
  judge FOLDER     judges a run that was kept again
  mutations        runs stores that lack one safety mechanism each; exit code 1 when one of them is not caught

  --target=MODE    embedded (default) or native
  --seconds=N      of traffic; 60 by default
  --seed=N         makes the choices of an earlier run again, as far as timing allows
  --clients=N      16 by default
  --rate=N         calls a second at most, over all clients; 400 by default
  --no-faults      traffic alone
  --keep=FOLDER    where the history and what was found after it are kept; those of a refused run are kept anyway
`;

/** What was asked for cannot be done. */
export class UsageError extends Error {}

/** Of traffic and faults. */
export interface RunCommand {
  readonly kind: 'run';
  readonly settings: RunSettings;
  readonly keep: string | undefined;
}

export type Command =
  | RunCommand
  | { readonly kind: 'help' }
  | { readonly kind: 'judge'; readonly folder: string }
  | { readonly kind: 'mutations'; readonly mode: Mode; readonly names: readonly string[]; readonly seed: number };

const options = {
  target: { type: 'string', default: 'embedded' },
  seconds: { type: 'string', default: '60' },
  seed: { type: 'string' },
  clients: { type: 'string', default: '16' },
  rate: { type: 'string', default: '400' },
  'no-faults': { type: 'boolean', default: false },
  keep: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** @param args what follows the program's name; @throws UsageError */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: 'help' };
  const mode = modeOf(values.target);
  const seed = values.seed === undefined ? randomInt(2 ** 31) : whole('seed', values.seed, 0);
  const [first, ...rest] = positionals;
  if (first === 'mutations') return { kind: 'mutations', mode, names: rest, seed };
  if (first === 'judge') {
    const [folder, ...more] = rest;
    if (folder === undefined || more.length > 0) throw new UsageError('judge takes one folder.');
    return { kind: 'judge', folder };
  }
  if (first !== undefined) throw new UsageError(`There is no command ${first}.`);
  const settings: RunSettings = {
    mode,
    seconds: whole('seconds', values.seconds, 1),
    seed,
    clients: whole('clients', values.clients, 1),
    callsPerSecond: whole('rate', values.rate, 1),
    hasFaults: !values['no-faults'],
  };
  return { kind: 'run', settings, keep: values.keep };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function modeOf(target: string): Mode {
  if (target === 'embedded' || target === 'native') return target;
  throw new UsageError(`There is no target ${target}.`);
}

function whole(name: string, text: string, least: number): number {
  if (/^\d{1,9}$/.test(text) && Number(text) >= least) return Number(text);
  if (name === 'seed' && /^\d{10}$/.test(text) && Number(text) < 2 ** 32) return Number(text);
  throw new UsageError(`--${name} is a whole number from ${least}, not ${text}.`);
}
