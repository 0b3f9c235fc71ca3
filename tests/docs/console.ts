/** A command of a page and the answer written below it. */
export interface Example {
  /** Line of the command in the page, from 1. */
  readonly line: number;
  /** As it is written, without the `$ `; a command may go on over lines that end with a backslash. */
  readonly command: string;
  /** As it is written; empty when nothing is. */
  readonly answer: string;
}

/** A page cut into text, which is kept, and the examples of its `console` blocks, in order. */
export type Page = readonly (string | Example)[];

/** Reads the fenced blocks marked `console`. */
export function readPage(markdown: string): Page {
  const page: (string | Example)[] = [];
  const text: string[] = [];
  const lines = markdown.split('\n');
  let isInside = false;
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (isInside && line.startsWith('$ ')) {
      page.push(text.splice(0).map(withNewline).join(''));
      const end = endOfCommand(lines, index);
      const next = endOfAnswer(lines, end);
      const command = lines.slice(index, end).join('\n').slice(2);
      page.push({ line: index + 1, command, answer: lines.slice(end, next).join('\n') });
      index = next - 1;
      continue;
    }
    if (line.startsWith('```')) isInside = line === '```console';
    text.push(line);
  }
  page.push(text.join('\n'));
  return page;
}

/** The page as Markdown again. */
export function writePage(page: Page): string {
  return page
    .map((part) => {
      if (typeof part === 'string') return part;
      return `$ ${part.command}\n${part.answer === '' ? '' : withNewline(part.answer)}`;
    })
    .join('');
}

function endOfCommand(lines: readonly string[], start: number): number {
  let end = start + 1;
  while (lines[end - 1]?.endsWith('\\') && end < lines.length) end += 1;
  return end;
}

function endOfAnswer(lines: readonly string[], start: number): number {
  let end = start;
  while (end < lines.length && !lines[end]?.startsWith('```') && !lines[end]?.startsWith('$ ')) end += 1;
  return end;
}

function withNewline(line: string): string {
  return `${line}\n`;
}
