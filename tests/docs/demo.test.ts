import { equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readPage } from './console.ts';
import { claimsOf, withoutAnswers } from './tour-page.ts';

/* The page is made by `npm run demo`, which takes a cluster and minutes. Here only: is it the page of this tour? */

const textOf = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const page = textOf('docs/demo.md');
const tour = textOf('scripts/demo/tour.md');

describe('docs/demo.md', () => {
  test('is what npm run demo makes of scripts/demo/tour.md', () => {
    equal(withoutAnswers(page), withoutAnswers(tour), 'make it anew: npm run demo');
  });

  const claims = claimsOf(readPage(page));

  test('claims something', () => ok(claims.length > 20, `only ${claims.length} claims`));

  for (const { text, line, answers } of claims) {
    test(`line ${line} shows ${text}`, () => ok(answers.includes(text), answers));
  }

  test('names no place of the machine it was made on', () => {
    ok(!/\/tmp\/|\/home\/|\/work\/|\/root\//.test(page));
    match(page, /localhost:8080/);
  });
});

test('a claim is about the block that follows it', () => {
  const markdown = '<!-- shows: b -->\n\n```console\n$ one\na\n$ two\nb\n```\n\ntext\n\n```console\n$ three\nc\n```\n';
  const claims = claimsOf(readPage(markdown));
  equal(claims.length, 1);
  equal(claims[0]?.answers, 'a\nb');
  equal(claims[0]?.line, 4);
});
