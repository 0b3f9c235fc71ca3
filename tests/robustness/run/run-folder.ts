import { createWriteStream, mkdirSync, readFileSync, type WriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Call } from '../history/call.ts';
import type { FinalState } from '../history/final-state.ts';
import { formatFinalState, parseFinalState } from '../history/final-state-file.ts';
import type { History, HistoryHeader } from '../history/history.ts';
import { callLine, headerLine, parseHistory } from '../history/history-file.ts';
import type { RunSettings } from './run-settings.ts';

/** The files of a run, from which it can be judged again. */
export interface RunFiles {
  readonly settings: RunSettings;
  readonly history: History;
  readonly final: FinalState;
}

const names = { settings: 'run.json', history: 'history.ndjson', final: 'final-state.json' } as const;

/** Writes the files of a run as it goes. */
export class RunFolder {
  readonly #path: string;
  readonly #calls: WriteStream;

  constructor(path: string, settings: RunSettings, header: HistoryHeader) {
    this.#path = path;
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, names.settings), `${JSON.stringify(settings)}\n`);
    this.#calls = createWriteStream(join(path, names.history));
    this.#calls.write(headerLine(header));
  }

  readonly keep = (call: Call): void => {
    this.#calls.write(callLine(call));
  };

  /** After the last call. */
  async close(final: FinalState): Promise<void> {
    writeFileSync(join(this.#path, names.final), formatFinalState(final));
    this.#calls.end();
    await finished(this.#calls);
  }
}

/** @throws Error when a file is missing or is not what it should be */
export function readRunFolder(path: string): RunFiles {
  const textOf = (name: string) => readFileSync(join(path, name), 'utf8');
  return {
    settings: JSON.parse(textOf(names.settings)) as RunSettings,
    history: parseHistory(textOf(names.history)),
    final: parseFinalState(textOf(names.final)),
  };
}
