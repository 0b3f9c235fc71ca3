import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Call } from './call.ts';
import { callSchema, headerSchema, historyFormat } from './call-schema.ts';
import type { History, HistoryHeader } from './history.ts';

/*
 * A history as a file: newline-delimited JSON, a header line and then a line for each call, in the order in which they
 * ended. A run appends to it as it goes, so that what is known of a run that dies is kept.
 */

/** A line of a history file is not what it should be. */
export class HistoryFileError extends Error {
  /** From 1. */
  readonly line: number;

  constructor(line: number, reason: string) {
    super(`line ${line} of the history ${reason}`);
    this.name = 'HistoryFileError';
    this.line = line;
  }
}

/** The first line of the file, newline included. */
export function headerLine(header: HistoryHeader): string {
  return `${JSON.stringify({ format: historyFormat, ...header })}\n`;
}

/** The line of one call, newline included. */
export function callLine(call: Call): string {
  return `${JSON.stringify(call)}\n`;
}

export function formatHistory({ header, calls }: History): string {
  return headerLine(header) + calls.map(callLine).join('');
}

/**
 * Reads a whole file.
 *
 * @throws HistoryFileError for the first line that is no JSON, has other members than it should, repeats a number or
 * ends before it starts; also for a last line that was cut short
 */
export function parseHistory(text: string): History {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new HistoryFileError(lines.length + 1, 'is cut short: it has no newline');
  validators ??= compile();
  const { header: validateHeader, call: validateCall } = validators;
  const [first, ...rest] = lines;
  if (first === undefined) throw new HistoryFileError(1, 'is missing');
  const { format: _, ...header } = parseLine<HistoryHeader & { format: string }>(first, 1, validateHeader);
  const numbers = new Set<number>();
  const calls = rest.map((line, index) => {
    const call = parseLine<Call>(line, index + 2, validateCall);
    checkCall(call, index + 2, numbers);
    return call;
  });
  return { header, calls };
}

interface Validators {
  readonly header: ValidateFunction;
  readonly call: ValidateFunction;
}

/** Compiled when the first file is read. */
let validators: Validators | undefined;

function compile(): Validators {
  const ajv = new Ajv2020();
  return { header: ajv.compile(headerSchema), call: ajv.compile(callSchema) };
}

function parseLine<Line>(text: string, line: number, validate: ValidateFunction): Line {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new HistoryFileError(line, 'is no JSON');
  }
  if (validate(parsed)) return parsed as Line;
  const mistake = validate.errors?.at(-1);
  throw new HistoryFileError(line, `is wrong: ${mistake?.instancePath ?? ''} ${mistake?.message ?? ''}`);
}

function checkCall({ number, startedAt, endedAt }: Call, line: number, numbers: Set<number>): void {
  if (numbers.has(number)) throw new HistoryFileError(line, `repeats call ${number}`);
  numbers.add(number);
  if (endedAt < startedAt) throw new HistoryFileError(line, `has call ${number} end before it starts`);
}
