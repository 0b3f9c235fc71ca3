import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/* The figures are made by a command that takes a minute. Here only: are they there, and do they say where they are from? */

const textOf = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const blocks = [
  ...textOf('docs/operations.md').matchAll(/<!-- figures: begin\b([^>]*)-->([\s\S]*?)<!-- figures: end -->/g),
];

describe('the figures for capacity in docs/operations.md', () => {
  const [, mark = '', figures = ''] = blocks[0] ?? [];

  test('are one block, and a command made it that there is', () => {
    equal(blocks.length, 1);
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    for (const text of [mark, figures]) {
      const command = /`npm run (\w+)`/.exec(text)?.[1] ?? '';
      ok(command in scripts, `no command is named in: ${text}`);
    }
  });

  test('say of when, of how many cores and under what load they are', () => {
    match(figures, / on 20\d\d-\d\d-\d\d, in one run of one machine: \d+ cores /);
    match(figures.replaceAll('\n', ' '), /The load average before it was \d/);
  });

  test('are filled in', () => {
    const rows = figures.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
    ok(rows.length > 20, `only ${rows.length} rows`);
    deepEqual(
      rows.filter((row) => /NaN|Infinity|undefined/.test(row)),
      [],
    );
    for (const kind of ['nginx', 'envoy', 'gateway', 'storage-node', 'consumer', 'rabbitmq', 'redis', 'postgres']) {
      ok(
        rows.some((row) => row.startsWith(`| ${kind} |`)),
        `no figures of ${kind}`,
      );
    }
  });

  test('are none of CockroachDB, whose terms forbid that', () => ok(!/cockroach/i.test(figures)));
});
