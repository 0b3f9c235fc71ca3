import { type Example, type Page, readPage } from './console.ts';
import { partsOf } from './shapes.ts';

/*
 * docs/demo.md is scripts/demo/tour.md with the answers of one run. In the tour, `<!-- shows: TEXT -->` before a block of
 * commands says what the text around it claims: it has to stand in the answers of that block.
 */

/** What a block of commands has to show, and what it shows. */
export interface Claim {
  readonly text: string;
  readonly line: number;
  readonly answers: string;
}

const claim = /<!-- shows: (.+) -->/g;

/** The claims of a page, each with the answers of the block that follows. */
export function claimsOf(page: Page): readonly Claim[] {
  const found: Claim[] = [];
  let texts: string[] = [];
  let block: Example[] = [];
  const endBlock = () => {
    const answers = block.map(({ answer }) => answer).join('\n');
    for (const text of texts) found.push({ text, line: block[0]?.line ?? 0, answers });
    texts = [];
    block = [];
  };
  for (const part of page) {
    if (typeof part !== 'string') {
      block.push(part);
      continue;
    }
    // Between two commands of a block there is no text.
    if (block.length > 0 && part !== '') endBlock();
    texts.push(...[...part.matchAll(claim)].map(([, text = '']) => text));
  }
  endBlock();
  return found;
}

/** A page without its answers, and with what is different in each run left out of the commands. */
export function withoutAnswers(markdown: string): string {
  const lines = readPage(markdown).map((part) => (typeof part === 'string' ? part : `$ ${masked(part.command)}\n`));
  return lines.join('').replaceAll(/\{\{(id|version)(?:-\d)?\}\}/g, '<$1>');
}

function masked(command: string): string {
  return partsOf(command)
    .map(({ kind, text }) => (kind === 'id' || kind === 'version' ? `<${kind}>` : text))
    .join('');
}
