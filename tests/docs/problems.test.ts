import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ProblemCode, problemKinds } from '@stratakv/core';
import { checkProblem, type Problem } from '../framework/problems.ts';
import { type Document, readDocuments, runExamples } from './run-examples.ts';

const folder = fileURLToPath(new URL('../../docs/problems', import.meta.url));
const codes = Object.keys(problemKinds) as ProblemCode[];
const files = globSync('*.md', { cwd: folder })
  .filter((file) => file !== 'README.md')
  .sort();

/** The first row of the table under the title. */
function firstRow(markdown: string): string[] {
  const [, cells = ''] =
    /^# .*\n\n\| status \| title \| retryable \|\n\| --- \| --- \| --- \|\n\| (.*) \|$/m.exec(markdown) ?? [];
  return cells.split(' | ');
}

function jsonExamples(markdown: string): Problem[] {
  return [...markdown.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text = '']) => JSON.parse(text) as Problem);
}

describe('docs/problems', async () => {
  const documents = await readDocuments(files.map((file) => join(folder, file)));
  const results = await runExamples(documents);

  test('every code has a page, and every page a code', () => {
    deepEqual(files.map((file) => file.replace(/\.md$/, '')).sort(), [...codes].sort());
  });

  for (const [index, { file, markdown }] of documents.entries()) {
    const code = basename(file, '.md');
    describe(code, () => {
      checkPage({ file, markdown }, code as ProblemCode);
      for (const { example, difference } of results[index] ?? []) {
        test(`line ${example.line}: ${example.command}`, () => {
          equal(difference, undefined, `${difference}\nIf the answer is right: npm run gen`);
        });
      }
    });
  }
});

function checkPage({ markdown }: Document, code: ProblemCode): void {
  test('title, status and retryable are those of the table', () => {
    const { status, title, retryable } = problemKinds[code];
    match(markdown, new RegExp(`^# ${code}\\n`));
    deepEqual(firstRow(markdown), [String(status), title, retryable ? 'yes' : 'no']);
  });

  test('says when it comes, what to do, and shows it', () => {
    match(markdown, /\n## When it comes\n\n- /);
    match(markdown, /\n## What to do\n\n\S/);
    ok(markdown.includes(`urn:stratakv:problem:${code}"`), 'an example has this problem');
  });

  test('what is shown without being run is a problem as promised', () => {
    for (const problem of jsonExamples(markdown)) {
      checkProblem(problem);
      equal(problem.type, `urn:stratakv:problem:${code}`);
      equal(problem.title, problemKinds[code].title);
    }
  });
}
