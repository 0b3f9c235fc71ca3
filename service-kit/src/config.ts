import { readFileSync } from 'node:fs';
import type { Setting } from './setting.ts';

/** The settings of one service: property name -> row. */
export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;

/** The typed object a table yields. */
export type Config<Table extends SettingsTable> = {
  readonly [Property in keyof Table]: Table[Property] extends Setting<infer T> ? T : never;
};

/** The environment as Node gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** One wrong variable. */
export interface ConfigMistake {
  readonly name: string;
  /** What is wrong, the value included unless it is secret. */
  readonly problem: string;
  /** A line that would be right, for example `KV_PORT=8080`. */
  readonly example: string;
}

/** Every mistake of one environment, one line each in the message. */
export class ConfigError extends Error {
  readonly mistakes: readonly ConfigMistake[];

  constructor(mistakes: readonly ConfigMistake[]) {
    const lines = mistakes.map(({ name, problem, example }) => `  ${name}: ${problem} (for example ${example})`);
    const count = mistakes.length === 1 ? 'One setting is' : `${mistakes.length} settings are`;
    super(`${count} wrong:\n${lines.join('\n')}`);
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

/**
 * Reads the settings of a table. An empty variable counts as unset, because that is what compose files pass for
 * `${KV_PORT:-}`. A secret may also come from the file named by `NAME_FILE`.
 *
 * @param knownNames variables of other services in the same environment; never taken for typing errors
 * @returns the frozen object, one property a row
 * @throws {ConfigError} with every mistake at once, unknown `KV_` variables two letters or less from a known one included
 */
export function readConfig<const Table extends SettingsTable>(
  table: Table,
  env: Environment,
  knownNames: Iterable<string> = [],
): Config<Table> {
  const mistakes: ConfigMistake[] = [];
  const values: Record<string, unknown> = {};
  for (const [property, row] of Object.entries(table)) {
    const outcome = readSetting(row, env);
    if ('value' in outcome) values[property] = outcome.value;
    else mistakes.push({ name: row.name, problem: outcome.problem, example: `${row.name}=${row.example}` });
  }
  mistakes.push(...typingErrors(table, env, knownNames));
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  // Each property was read by the row its type derives from.
  return Object.freeze(values) as Config<Table>;
}

/**
 * Runs `read` and returns what it gives. On a ConfigError: prints it to stderr and ends the process with code 2, so that
 * a supervisor can tell "wrongly set up" from "crashed". Other errors pass through.
 */
export function exitOnConfigError<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

/** Names of all variables of the tables, `_FILE` variants included. */
export function settingNames(...tables: readonly SettingsTable[]): string[] {
  return tables
    .flatMap((table) => Object.values(table))
    .flatMap((row) => (row.isSecret ? [row.name, `${row.name}_FILE`] : [row.name]));
}

type Reading = { readonly value: unknown } | { readonly problem: string };

function readSetting(row: Setting<unknown>, env: Environment): Reading {
  const given = givenText(row, env);
  if ('problem' in given) return given;
  if (given.value === undefined) {
    return row.isOptional ? { value: undefined } : { problem: `required, expected ${row.form}` };
  }
  const parsed = row.parse(given.value);
  if (parsed !== undefined) return parsed;
  const shown = row.isSecret ? 'the secret' : JSON.stringify(shorten(given.value));
  return { problem: `${shown} is not valid, expected ${row.form}` };
}

type Given = { readonly value: string | undefined } | { readonly problem: string };

function givenText(row: Setting<unknown>, env: Environment): Given {
  const direct = presence(env[row.name]);
  const file = row.isSecret ? presence(env[`${row.name}_FILE`]) : undefined;
  if (file === undefined) return { value: direct ?? row.default };
  if (direct !== undefined) return { problem: `set together with ${row.name}_FILE` };
  try {
    // Editors and secret stores end files with a newline that is no part of the secret.
    return { value: presence(readFileSync(file, 'utf8').replace(/\r?\n$/, '')) };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { problem: `the file in ${row.name}_FILE cannot be read: ${reason}` };
  }
}

function typingErrors(table: SettingsTable, env: Environment, knownNames: Iterable<string>): ConfigMistake[] {
  const own = settingNames(table);
  const known = new Set([...own, ...knownNames]);
  const mistakes: ConfigMistake[] = [];
  for (const name of Object.keys(env)) {
    if (!name.startsWith('KV_') || known.has(name)) continue;
    const meant = [...known].find((candidate) => editDistance(name, candidate) <= 2);
    if (meant === undefined) continue;
    const example = Object.values(table).find((row) => row.name === meant)?.example ?? '…';
    mistakes.push({ name, problem: `unknown; did you mean ${meant}?`, example: `${meant}=${example}` });
  }
  return mistakes;
}

/** Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

function presence(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 63)}…` : text;
}
