import { deepEqual, ok } from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['*.md', 'docs/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
const text = (page: string) => readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '');

/** The anchor of a heading, as GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(page: string): Set<string> {
  return new Set([...text(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading)));
}

function brokenLinks(page: string): string[] {
  const links = [...text(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(relative(root, target)).has(anchor);
  });
}

describe('links between pages', () => {
  test('there are pages', () => ok(pages.length > 40, `only ${pages.length}`));
  for (const page of pages) test(page, () => deepEqual(brokenLinks(page), []));
});

test('what is cited is in the bibliography, and the other way round', () => {
  const bibliography = readFileSync(join(root, 'docs/bibliography.bib'), 'utf8');
  const known = [...bibliography.matchAll(/^@\w+\{([\w-]+),/gm)].map(([, key = '']) => key);
  const cited = new Set<string>();
  for (const page of pages) {
    for (const [citation] of text(page).matchAll(/\[@[^\]]+\]/g)) {
      for (const [, key = ''] of citation.matchAll(/@([\w-]+)/g)) cited.add(key);
    }
  }
  deepEqual([...cited].sort(), [...known].sort());
});

test('code that is named is there', () => {
  const missing = pages.flatMap((page) => {
    const named = [
      ...text(page).matchAll(
        /`((?:core|adapters|service-kit|gateway|storage-node|consumer|embedded|scripts|tests)\/[\w./-]+)`/g,
      ),
    ];
    return named.map(([, path = '']) => path).filter((path) => !path.includes('NAME') && !existsSync(join(root, path)));
  });
  deepEqual(missing, []);
});
