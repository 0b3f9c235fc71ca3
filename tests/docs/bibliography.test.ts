import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const text = readFileSync(fileURLToPath(new URL('../../docs/bibliography.bib', import.meta.url)), 'utf8');

interface Entry {
  readonly kind: string;
  readonly key: string;
  readonly fields: ReadonlyMap<string, string>;
}

/** Reads `@kind{key, name = {value}, …}`; values may hold braces in pairs. */
function readEntries(): readonly Entry[] {
  return [...text.matchAll(/^@(\w+)\{([\w-]+),([\s\S]*?)\}$(?=\n(?:@|%|\n)|\n?$(?![\s\S]))/gm)].map(
    ([, kind = '', key = '', body = '']) => {
      const fields = [...body.matchAll(/(\w+) = \{((?:[^{}]|\{[^{}]*\})*)\}/g)];
      return { kind, key, fields: new Map(fields.map(([, name = '', value = '']) => [name, value])) };
    },
  );
}

const entries = readEntries();
const needed: Readonly<Record<string, readonly string[]>> = {
  article: ['author', 'title', 'journal', 'volume', 'year'],
  inproceedings: ['author', 'title', 'booktitle', 'year', 'pages'],
  techreport: ['author', 'title', 'institution', 'number', 'year'],
  misc: ['author', 'title', 'url'],
};

// That each entry is cited, and each citation has one: links.test.ts.
describe('docs/bibliography.bib', () => {
  test('every entry is read, and keys are there once', () => {
    equal(entries.length, [...text.matchAll(/^@/gm)].length);
    equal(new Set(entries.map(({ key }) => key)).size, entries.length);
  });

  for (const { kind, key, fields } of entries) {
    test(key, () => {
      deepEqual(
        (needed[kind] ?? ['a known kind of entry']).filter((name) => !fields.get(name)),
        [],
      );
      if (fields.has('year')) match(fields.get('year') ?? '', /^(?:19[5-9]|20[0-2])\d$/);
      if (fields.has('pages')) match(fields.get('pages') ?? '', /^\d+--\d+$/);
      if (fields.has('doi')) match(fields.get('doi') ?? '', /^10\.\d{4,5}\/\S+$/);
      if (fields.has('url')) ok(URL.canParse(fields.get('url') ?? ''));
      const rfc = /^rfc(\d+)$/.exec(key)?.[1];
      if (rfc === undefined) return;
      equal(fields.get('howpublished'), `RFC ${rfc}`);
      equal(fields.get('url'), `https://www.rfc-editor.org/rfc/rfc${rfc}`);
    });
  }
});
