import { resolve } from 'node:path';

/** What reading one text gave; undefined when the text does not have the form of the setting. */
export type Parsed<T> = { readonly value: T } | undefined;

/** One row of a settings table. `T` is the type of the property it becomes. */
export interface Setting<T> {
  /** Environment variable, for example `KV_PORT`. */
  readonly name: string;
  /** One sentence for .env.example and the docs. */
  readonly about: string;
  /** A value that is valid, as text. */
  readonly example: string;
  /** Used when the variable is unset or empty. Absent: the variable is required, unless `isOptional`. */
  readonly default?: string;
  /** The type and its limits in words: `whole number from 1 to 65535`. */
  readonly form: string;
  /** The value is never printed, and may come from the file named by `NAME_FILE`. */
  readonly isSecret: boolean;
  /** The property is `undefined` when the variable is unset. */
  readonly isOptional: boolean;
  parse(text: string): Parsed<T>;
}

/** What a row states besides its type. */
export interface SettingText {
  readonly name: string;
  readonly about: string;
  readonly example: string;
  readonly default?: string | number | boolean;
}

interface Limits {
  readonly min?: number;
  readonly max?: number;
}

interface Shape<T> {
  readonly form: string;
  readonly isSecret?: boolean;
  parse(text: string): Parsed<T>;
}

/** A whole number, limits included. */
export function integer(row: SettingText & Limits): Setting<number> {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = row;
  return setting(row, {
    form: `whole number${limitWords(row)}`,
    parse: (text) => within(/^[+-]?\d{1,16}$/.test(text) ? Number(text) : Number.NaN, min, max),
  });
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A length of time: a whole number, which counts in `unit`, or one with a unit of its own (`250ms`, `5s`, `10m`, `1h`,
 * `7d`). The value is a whole number of `unit`; limits count in `unit` too.
 */
export function duration(row: SettingText & Limits & { readonly unit: 'ms' | 's' }): Setting<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = row;
  const unitWord = row.unit === 'ms' ? 'milliseconds' : 'seconds';
  return setting(row, {
    form: `${unitWord}${limitWords(row)} (also as 250ms, 5s, 10m, 1h, 7d)`,
    parse: (text) => {
      const match = /^(\d{1,15})\s*(ms|s|m|h|d)?$/.exec(text);
      const scale = unitMs[match?.[2] ?? row.unit] ?? 1;
      return within(match === null ? Number.NaN : (Number(match[1]) * scale) / (unitMs[row.unit] ?? 1), min, max);
    },
  });
}

const byteUnits: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A number of bytes: plain, or with a binary unit (`64MiB`; IEC 80000-13). Limits are in bytes. */
export function byteSize(row: SettingText & Limits): Setting<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = row;
  return setting(row, {
    form: `bytes${limitWords(row)} (also as 64KiB, 8MiB, 1GiB)`,
    parse: (text) => {
      const match = /^(\d{1,15})\s*(B|KiB|MiB|GiB|TiB)?$/.exec(text);
      return within(match === null ? Number.NaN : Number(match[1]) * (byteUnits[match[2] ?? 'B'] ?? 1), min, max);
    },
  });
}

/** Any text, `maxLength` 1024 unless told. `isSecret` keeps it out of every message and allows `NAME_FILE`. */
export function text(
  row: SettingText & {
    readonly minLength?: number;
    readonly maxLength?: number;
    readonly pattern?: RegExp;
    readonly isSecret?: boolean;
  },
): Setting<string> {
  const { minLength = 1, maxLength = 1024, pattern } = row;
  const lengthWords =
    minLength > 1 ? `${minLength} to ${maxLength} characters` : `text of up to ${maxLength} characters`;
  return setting(row, {
    form: pattern === undefined ? lengthWords : `${lengthWords} matching ${pattern}`,
    isSecret: row.isSecret ?? false,
    parse: (value) =>
      value.length >= minLength && value.length <= maxLength && (pattern?.test(value) ?? true) ? { value } : undefined,
  });
}

/** One of a closed set of words. */
export function oneOf<const T extends string>(row: SettingText & { readonly values: readonly T[] }): Setting<T> {
  return setting(row, {
    form: `one of ${row.values.join(', ')}`,
    parse: (word) => {
      const value = row.values.find((known) => known === word);
      return value === undefined ? undefined : { value };
    },
  });
}

const flagWords: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  1: true,
  0: false,
  on: true,
  off: false,
};

/** `true` or `false`; also 1, 0, on, off. */
export function flag(row: SettingText): Setting<boolean> {
  return setting(row, {
    form: 'true or false',
    parse: (word) => {
      const value = Object.hasOwn(flagWords, word) ? flagWords[word] : undefined;
      return value === undefined ? undefined : { value };
    },
  });
}

/** A path, made absolute from the working directory. */
export function filePath(row: SettingText): Setting<string> {
  return setting(row, {
    form: 'path',
    parse: (value) => (value.includes('\0') ? undefined : { value: resolve(value) }),
  });
}

/** The same setting, but `undefined` when unset. It has no default. */
export function optional<T>(row: Setting<T>): Setting<T | undefined> {
  return { ...row, isOptional: true };
}

function setting<T>(row: SettingText, shape: Shape<T>): Setting<T> {
  const { name, about, example } = row;
  const made = { name, about, example, form: shape.form, isSecret: shape.isSecret ?? false, isOptional: false };
  const given = row.default === undefined ? [example] : [example, String(row.default)];
  for (const text of given) {
    // A table with a bad default would show only where nobody sets the variable.
    if (shape.parse(text) === undefined) throw new RangeError(`${name}: "${text}" in the table is not ${shape.form}`);
  }
  return { ...made, ...(row.default === undefined ? {} : { default: String(row.default) }), parse: shape.parse };
}

function within(value: number, min: number, max: number): Parsed<number> {
  return Number.isSafeInteger(value) && value >= min && value <= max ? { value } : undefined;
}

function limitWords({ min, max }: Limits): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return `, at least ${min}`;
  return max === undefined ? '' : `, at most ${max}`;
}
