import type { SettingsTable } from './config.ts';
import type { Setting } from './setting.ts';

/** A part of .env.example: the settings of one service, or those that all share. */
export interface EnvSection {
  readonly title: string;
  readonly settings: SettingsTable;
}

/**
 * Renders .env.example. Every setting is a comment, so an untouched copy changes nothing. A setting of several sections
 * appears in the first.
 *
 * @throws {Error} when two sections disagree about the default or the form of one variable
 */
export function renderEnvExample(sections: readonly EnvSection[]): string {
  const seen = new Map<string, Setting<unknown>>();
  const parts: string[] = [];
  for (const { title, settings } of sections) {
    const fresh = Object.values(settings).filter((row) => isFirst(row, seen));
    if (fresh.length > 0) parts.push(`## ${title}\n\n${fresh.map(renderSetting).join('\n\n')}\n`);
  }
  return parts.join('\n');
}

function isFirst(row: Setting<unknown>, seen: Map<string, Setting<unknown>>): boolean {
  const earlier = seen.get(row.name);
  if (earlier === undefined) {
    seen.set(row.name, row);
    return true;
  }
  if (earlier.default !== row.default || earlier.form !== row.form) {
    throw new Error(`two tables disagree about ${row.name}`);
  }
  return false;
}

function renderSetting(row: Setting<unknown>): string {
  const form = `${row.form.charAt(0).toUpperCase()}${row.form.slice(1)}`;
  const notes = [row.about, `${form}.`];
  if (row.isSecret) notes.push(`Secret; may be in a file named by ${row.name}_FILE.`);
  const lines = [wrap(notes.join(' '))];
  if (row.default === undefined)
    lines.push(row.isOptional ? '# Unset by default. For example:' : '# Required. For example:');
  lines.push(`# ${row.name}=${row.default ?? row.example}`);
  return lines.join('\n');
}

function wrap(sentence: string): string {
  const lines: string[] = [];
  let line = '#';
  for (const word of sentence.split(' ')) {
    if (line.length + word.length >= 100) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line].join('\n');
}
