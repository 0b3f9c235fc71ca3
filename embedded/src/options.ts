import type { Setting } from '@stratakv/service-kit';
import { type EmbeddedConfig, embeddedSettings } from './config.ts';
import type { EmbeddedOptions } from './start.ts';

/** Options of `startEmbedded` that are not as they should be: all of them, one line each. */
export class OptionsError extends Error {
  override name = 'OptionsError';
}

/**
 * Checks options with the rules of the settings they stand for, and fills in the defaults. What is undefined counts as
 * left out.
 *
 * @throws OptionsError
 */
export function readOptions({ logger: _, ...given }: EmbeddedOptions): EmbeddedConfig {
  const table: Readonly<Record<string, Setting<unknown>>> = embeddedSettings;
  const mistakes = Object.keys(given)
    .filter((name) => !Object.hasOwn(table, name))
    .map((name) => `  ${name}: there is no such option`);
  const config: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(table)) {
    const value: unknown = Object.hasOwn(given, name) ? given[name as keyof typeof given] : undefined;
    const text = textOf(value) ?? (name === 'logLevel' ? 'silent' : row.default);
    const parsed = value !== undefined && textOf(value) === undefined ? undefined : parse(row, text);
    if (parsed !== undefined) config[name] = parsed.value;
    else mistakes.push(`  ${name}: ${JSON.stringify(value) ?? typeof value} is not valid, expected ${row.form}`);
  }
  if (mistakes.length > 0) throw new OptionsError(`Wrong options of startEmbedded:\n${mistakes.join('\n')}`);
  // Each property was read by the row its type derives from.
  return config as EmbeddedConfig;
}

/** Settings are read from text; a number, word or truth value stands for itself. */
function textOf(value: unknown): string | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

function parse(row: Setting<unknown>, text: string | undefined): { readonly value: unknown } | undefined {
  if (text !== undefined) return row.parse(text);
  return row.isOptional ? { value: undefined } : undefined;
}
