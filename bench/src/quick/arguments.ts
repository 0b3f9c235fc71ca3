import { parseArgs } from 'node:util';
import { readSeconds, readUrl } from '../load-arguments.ts';
import { UsageError } from '../usage-error.ts';

/** The words of the command, each for one of the loads. */
export const quickLoads = { get: 'get', put: 'put', wait: 'waitedPut', mixed: 'mixed' } as const;

export type QuickWord = keyof typeof quickLoads;

export interface QuickCommand {
  readonly words: readonly QuickWord[];
  /** Of the store; undefined when one has to be started. */
  readonly url: string | undefined;
  /** Of each load. */
  readonly seconds: number;
}

const defaultSeconds = 10;

export const usage = `Usage: npm run load -- [get|put|wait|mixed…] [--url URL] [--duration TIME]

The quick one: autocannon, 32 connections, a closed loop, 10 s for each load (all four when none is named). Checks the
status of every answer and the bytes of every value that was read. Ends with 1 when one is wrong.

  get      GET of entries that are in the cache
  put      PUT, answered 202
  wait     PUT with Prefer: wait
  mixed    95 % GET, 5 % PUT

  --url URL         the store, such as http://127.0.0.1:8080; without it a native store of its own is started, and
                    removed at the end. The keys begin with bench/, and are deleted at the end
  --duration TIME   of each load, such as 30s or 2m
  --help
`;

/** @throws UsageError */
export function readArguments(args: readonly string[]): QuickCommand | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  for (const word of positionals) if (!isWord(word)) throw new UsageError(`There is no load ${word}.`);
  const named = positionals.filter(isWord);
  return {
    words: named.length > 0 ? named : Object.keys(quickLoads).filter(isWord),
    url: values.url === undefined ? undefined : readUrl(values.url),
    seconds: values.duration === undefined ? defaultSeconds : readSeconds('duration', values.duration, 1),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { url: { type: 'string' }, duration: { type: 'string' }, help: { type: 'boolean' } },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function isWord(word: string): word is QuickWord {
  return Object.hasOwn(quickLoads, word);
}
