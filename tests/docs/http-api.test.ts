import { equal, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readDocuments, runExamples } from './run-examples.ts';

const page = fileURLToPath(new URL('../../docs/http-api.md', import.meta.url));

describe('docs/http-api.md', async () => {
  const [results = []] = await runExamples(await readDocuments([page]));

  test('has examples', () => ok(results.length > 40, `only ${results.length}`));

  for (const { example, difference } of results) {
    test(`line ${example.line}: ${example.command.replaceAll('\\\n', ' ').replace(/ +/g, ' ')}`, () => {
      equal(difference, undefined, `${difference}\nIf the answer is right: npm run gen`);
    });
  }
});
