import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { build as prettyStream } from 'pino-pretty';
import { flag, oneOf } from './setting.ts';

export type { Logger } from 'pino';

/** Settings of the log, to be spread into every service's table. */
export const logSettings = {
  logLevel: oneOf({
    name: 'LOG_LEVEL',
    about: 'Least level that is logged.',
    values: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    default: 'info',
    example: 'debug',
  }),
  logFormat: oneOf({
    name: 'LOG_FORMAT',
    about: 'One JSON object a line, or text for people. auto: text when stdout is a terminal.',
    values: ['auto', 'json', 'pretty'],
    default: 'auto',
    example: 'json',
  }),
};

/** Whether writes leave a line in the log, to be spread into the tables of the services that handle them. */
export const writeLogSettings = {
  logWrites: flag({
    name: 'KV_LOG_WRITES',
    about: 'Log each queued and each settled write with its trace id. On in the native and docker modes.',
    default: false,
    example: 'true',
  }),
};

export interface LoggerOptions {
  /** Name of the service, in every line. */
  readonly service: string;
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  readonly format?: 'auto' | 'json' | 'pretty';
  /** Where lines go instead of stdout. JSON only. */
  readonly destination?: DestinationStream;
}

const secretFields = ['authorization', 'cookie', 'set-cookie', 'idempotency-key', 'value', 'secret', 'password'];

// pino has no "at any depth"; three levels cover the shapes that are logged: field, headers.field, req.headers.field.
const redactedPaths = [
  // Errors of a Redis client carry the command that failed, values and passwords included.
  'err.command',
  ...secretFields.flatMap((field) => [`["${field}"]`, `*["${field}"]`, `*.*["${field}"]`]),
];

/** Makes the logger of a process: ISO times, level names, credentials and values redacted. */
export function createLogger(options: LoggerOptions): Logger {
  const { service, level = 'info', format = 'auto', destination } = options;
  const pinoOptions = {
    level,
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redactedPaths, censor: '[redacted]' },
  };
  if (destination !== undefined) return pino(pinoOptions, destination);
  const isPretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY === true);
  if (!isPretty) return pino(pinoOptions);
  // In process and synchronous: a worker would lose the last lines when the process ends itself.
  return pino(
    pinoOptions,
    prettyStream({ sync: true, colorize: process.stdout.isTTY === true, ignore: 'pid,hostname' }),
  );
}

/** The same logger, for lines that hold nothing of what clients sent: looking for secrets in long lists takes time. */
export function withoutRedaction(logger: Logger): Logger {
  return logger.child({}, { redact: [] });
}

const maxLoggedLength = 64;

// Cc, Cf (bidi overrides), Cs, Co, Cn, line and paragraph separators, and spaces other than U+0020.
const unprintable = /[\p{C}\p{Zl}\p{Zp}\\]|(?! )\p{Zs}/gu;

/**
 * Makes a key safe for a log line: what does not print becomes `\u{hex}`, and the result has at most 64 characters, the
 * last one `…` when something was cut.
 */
export function logKey(key: string): string {
  const escaped = key.slice(0, maxLoggedLength + 1).replace(unprintable, escapeCharacter);
  return escaped.length > maxLoggedLength ? `${escaped.slice(0, maxLoggedLength - 1)}…` : escaped;
}

function escapeCharacter(character: string): string {
  return character === '\\' ? '\\\\' : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
