import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FinalState } from './final-state.ts';
import { count, flag, kind, moment, object, text, texts } from './schema-parts.ts';

/*
 * The state after quiet as a file beside that of the history: one JSON document. The two are all that the checks need, so
 * that a run can be judged again without being run again.
 */

const view = object({}, { value: text, version: count, expiresAt: moment });

const row = object(
  { id: text, status: kind('applied', 'rejected', 'failed'), settledAt: moment },
  {
    key: text,
    action: kind('put', 'delete'),
    version: count,
    created: flag,
    expiresAt: moment,
    acceptedAt: moment,
    problem: text,
    currentVersion: count,
  },
);

const fault = object({ name: text, from: moment, to: moment, mayStaleCache: flag, mayFailDatabase: flag });

const finalStateSchema = object({
  keys: { type: 'array', items: object({ key: text, database: view, cache: view, readAt: moment }) },
  log: object({ isWhole: flag, rows: { type: 'array', items: row } }),
  deadLetters: object({ found: count, planted: count }),
  faults: object({ planned: texts, happened: { type: 'array', items: fault } }),
});

export function formatFinalState(final: FinalState): string {
  return `${JSON.stringify(final)}\n`;
}

/**
 * Reads a whole file.
 *
 * @throws SyntaxError when it is no JSON; TypeError that names the member when it is no final state
 */
export function parseFinalState(text: string): FinalState {
  const parsed: unknown = JSON.parse(text);
  const validate: ValidateFunction = new Ajv2020().compile(finalStateSchema);
  if (validate(parsed)) return parsed as FinalState;
  const mistake = validate.errors?.at(-1);
  throw new TypeError(`the final state is wrong: ${mistake?.instancePath ?? ''} ${mistake?.message ?? ''}`);
}
