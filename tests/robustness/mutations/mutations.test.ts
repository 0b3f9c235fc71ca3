import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { applyPatches } from '../builds/patch.ts';
import { mutations } from './mutations.ts';
import { provocations } from './provocations.ts';

const repository = new URL('../../../', import.meta.url);

test('there are at least 15, each with a name of its own', () => {
  ok(mutations.length >= 15);
  equal(new Set(mutations.map(({ name }) => name)).size, mutations.length);
});

test('what is provoked is a mutation', () => {
  const names = mutations.map(({ name }) => name);
  deepEqual(
    Object.keys(provocations).filter((name) => !names.includes(name)),
    [],
  );
});

for (const { name, patches } of mutations) {
  test(`${name} fits the source, and is TypeScript`, () => {
    for (const [file, own] of Map.groupBy(patches, ({ file }) => file)) {
      const source = readFileSync(fileURLToPath(new URL(file, repository)), 'utf8');
      const patched = applyPatches(source, own);
      ok(patched !== source);
      stripTypeScriptTypes(patched);
    }
  });
}
