import assert from 'node:assert/strict';
import type { EntrySummary } from '../entry.ts';
import { compareKeys } from '../key.ts';
import type { EntryReader, ScanPage, ScanPosition, ScanQuery } from '../ports/entry-reader.ts';
import type { StoreCase, StoreTest } from './entry-store-suite.ts';
import { deleteOf, putOf } from './sample-operations.ts';

const everything: ScanQuery = { prefix: '', delimiter: undefined, after: undefined, limit: 1000, maxBytes: 1_000_000 };

/** What a list shows: entries and folded prefixes, together in byte order. */
function namesOn(page: ScanPage): string[] {
  const keys = page.entries.map(({ key }) => key as string);
  for (const names of [keys, page.prefixes]) assert.deepEqual(names, [...names].sort(compareKeys), 'in byte order');
  return [...keys, ...page.prefixes].sort(compareKeys);
}

/** All pages of a list, one after the other; `between` is called after each. */
async function walk(
  reader: EntryReader,
  query: Partial<ScanQuery>,
  between: (page: ScanPage) => Promise<void> = async () => {},
): Promise<string[]> {
  const names: string[] = [];
  let after: ScanPosition | undefined;
  for (let pages = 0; pages < 10_000; pages += 1) {
    const page: ScanPage = await reader.scan({ ...everything, ...query, after });
    names.push(...namesOn(page));
    assert.deepEqual(names, [...new Set(names)].sort(compareKeys), 'in order over the pages, nothing twice');
    if (page.next === undefined) return names;
    await between(page);
    after = page.next;
  }
  throw new Error('the list does not end');
}

/** What a list must show, by definition. */
function expected(keys: readonly string[], prefix: string, delimiter?: string): string[] {
  const names = keys
    .filter((key) => key.startsWith(prefix))
    .map((key) => {
      const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
      return at < 0 || delimiter === undefined ? key : key.slice(0, at + delimiter.length);
    });
  return [...new Set(names)].sort(compareKeys);
}

const put = async ({ consumer }: StoreCase, keys: readonly string[]) =>
  void (await consumer.apply(...keys.map((key) => putOf(key, 'x'))));

// As the HTTP contract writes an entry of a list (DESIGN §1).
const jsonBytes = ({ modifiedAt, expiresAt, ...rest }: EntrySummary) =>
  Buffer.byteLength(
    JSON.stringify({
      ...rest,
      modifiedAt: new Date(modifiedAt),
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
    }),
  );

/** What a list shows, and that its pages fit together. */
export function entryScanCases(storeTest: StoreTest): void {
  storeTest('an empty store has an empty list', async ({ reader }) => {
    assert.deepEqual(await reader.scan(everything), { entries: [], prefixes: [], next: undefined });
  });

  storeTest('keys come in the order of their UTF-8 bytes', async (given) => {
    const keys = ['b', 'a', 'B', 'a/b', 'a-b', 'aa', 'é', 'z', '\uffee', '😀', '\ue000', '\u{10ffff}', ' ', '~', 'a b'];
    await put(given, keys);
    assert.deepEqual(await walk(given.reader, {}), [...keys].sort(compareKeys));
    assert.deepEqual(await walk(given.reader, { limit: 1 }), [...keys].sort(compareKeys));
  });

  storeTest('a summary has what the entry has', async ({ consumer, reader }) => {
    const { asOf } = await consumer.apply(putOf('a', 'twelve bytes', { contentType: 'text/x', ttlSeconds: 60 }));
    const version = (await reader.batchGet((await reader.scan(everything)).entries.map(({ key }) => key))).entries[0]
      ?.version;
    assert.deepEqual((await reader.scan(everything)).entries, [
      { key: 'a', version, size: 12, contentType: 'text/x', modifiedAt: asOf, expiresAt: asOf + 60_000 },
    ]);
  });

  storeTest('a prefix is text, whatever characters it is made of', async (given) => {
    const stems = [
      'a',
      'a%',
      'a_',
      'a\\',
      "a'",
      'a"',
      'a*',
      'a[b]',
      'ÿ',
      'ÿÿ',
      '😀',
      '😀😀',
      '\u{10ffff}',
      '\u{10ffff}\u{10ffff}',
    ];
    const keys = [...stems, ...stems.map((stem) => `${stem}1`), ...stems.map((stem) => `${stem}/x`), 'b', 'þ', 'Ā'];
    await put(given, keys);
    for (const prefix of [...stems, ...keys, 'none', 'a/', 'ÿ/', '😀/']) {
      assert.deepEqual(await walk(given.reader, { prefix }), expected(keys, prefix), `prefix ${prefix}`);
      assert.deepEqual(await walk(given.reader, { prefix, delimiter: '/', limit: 2 }), expected(keys, prefix, '/'));
    }
  });

  storeTest('a delimiter folds what shares the text up to it', async (given) => {
    const keys = [
      'a',
      'a/b',
      'a/b/c',
      'a/b/d',
      'a/c',
      'a-',
      'a0',
      'b/c',
      'b--c',
      'b--d',
      'b-e',
      'x😀y',
      'x😀z',
      'x',
      'á/b',
    ];
    await put(given, keys);
    const page = await given.reader.scan({ ...everything, delimiter: '/' });
    assert.deepEqual(page.prefixes, ['a/', 'b/', 'á/']);
    for (const prefix of ['', 'a', 'a/', 'a/b', 'a/b/', 'b', 'b-', 'b--', 'x', 'x😀', 'á']) {
      for (const delimiter of ['/', '-', '--', '😀', '/b', 'none']) {
        for (const limit of [1, 2, 1000]) {
          const names = await walk(given.reader, { prefix, delimiter, limit });
          assert.deepEqual(names, expected(keys, prefix, delimiter), `prefix ${prefix}, delimiter ${delimiter}`);
        }
      }
    }
  });

  storeTest('a page has at most limit names, and the pages together all of them', async (given) => {
    const keys = Array.from({ length: 60 }, (_, index) => `${'abc'[index % 3]}/${index % 7}/${index}`);
    await put(given, keys);
    for (const limit of [1, 2, 3, 7, 59, 60, 61]) {
      for (const delimiter of [undefined, '/']) {
        for (const prefix of ['', 'b/', 'b/3']) {
          const within = async (page: ScanPage) => assert.ok(page.entries.length + page.prefixes.length <= limit);
          const names = await walk(given.reader, { prefix, delimiter, limit }, within);
          assert.deepEqual(names, expected(keys, prefix, delimiter));
        }
      }
    }
  });

  storeTest('a page keeps to its size, and the list still comes to its end', async (given) => {
    const keys = Array.from({ length: 200 }, (_, index) => `${'k'.repeat(index * 2 + 1)}/"${index}"`);
    await put(given, keys);
    for (const maxBytes of [1, 1000, 5000]) {
      for (const delimiter of [undefined, '/']) {
        const within = async ({ entries, prefixes }: ScanPage) => {
          const names = prefixes.reduce((sum, prefix) => sum + Buffer.byteLength(JSON.stringify(prefix)), 0);
          const bytes = entries.reduce((sum, entry) => sum + jsonBytes(entry), names);
          assert.ok(bytes <= maxBytes || entries.length + prefixes.length <= 1, `${bytes} bytes of ${maxBytes}`);
        };
        const names = await walk(given.reader, { maxBytes, delimiter, prefix: 'k' }, within);
        assert.deepEqual(names, expected(keys, 'k', delimiter));
      }
    }
  });

  storeTest('a list goes on behind a position that is no longer there', async (given) => {
    await put(given, ['a', 'b', 'b/1', 'b/2', 'c', 'd']);
    await given.consumer.apply(...['b', 'b/1', 'b/2'].map((key) => deleteOf(key)));
    const after = async (text: string, isPrefix: boolean) =>
      namesOn(await given.reader.scan({ ...everything, after: { text, isPrefix } }));
    assert.deepEqual(await after('b', false), ['c', 'd']);
    assert.deepEqual(await after('b/', true), ['c', 'd']);
    assert.deepEqual(await after('bb', false), ['c', 'd']);
    assert.deepEqual(await after('d', false), []);
    assert.deepEqual(await after('a', true), ['c', 'd']);
  });

  storeTest('writes between the pages neither repeat nor hide what was there throughout', async (given) => {
    const { consumer, reader } = given;
    const keys = Array.from({ length: 90 }, (_, index) => `k/${String(index).padStart(2, '0')}/x`);
    const [kept, removed] = [keys.filter((_, index) => index % 3 > 0), keys.filter((_, index) => index % 3 === 0)];
    for (const delimiter of [undefined, '/']) {
      await put(given, keys);
      let round = 0;
      const names = await walk(reader, { prefix: 'k/', delimiter, limit: 4 }, async ({ next }) => {
        round += 1;
        const victims = removed.filter((_, index) => index % 22 === round);
        await consumer.apply(
          deleteOf(next?.isPrefix ? `${next.text}x` : (next?.text ?? '')),
          ...victims.map((key) => deleteOf(key)),
          putOf(`k/${String(round * 3).padStart(2, '0')}-new`, 'x'),
          ...kept.filter((_, index) => index % 7 === round % 7).map((key) => putOf(key, 'again')),
        );
      });
      const shown = new Set(names);
      // What ended a page was deleted after it had been shown, so it counts as kept too.
      for (const name of expected(kept, 'k/', delimiter)) assert.ok(shown.has(name), `${name} is missing`);
    }
  });

  storeTest('deleted and expired entries are left out, however many', async (given) => {
    const { consumer, reader, pass } = given;
    const gone = Array.from({ length: 6000 }, (_, index) => `m/${String(index).padStart(4, '0')}`);
    for (let start = 0; start < gone.length; start += 1000) {
      const some = gone.slice(start, start + 1000);
      if (start < 5000) await consumer.apply(...some.flatMap((key) => [putOf(key, 'x'), deleteOf(key)]));
      else await consumer.apply(...some.map((key) => putOf(key, 'x', { ttlSeconds: 1 })));
    }
    await put(given, ['a', 'm/2500/live', 'z', 'z/1']);
    await pass(1300);
    assert.deepEqual(await walk(reader, {}), ['a', 'm/2500/live', 'z', 'z/1']);
    assert.deepEqual(await walk(reader, { delimiter: '/' }), ['a', 'm/', 'z', 'z/']);
    assert.deepEqual(await walk(reader, { prefix: 'm/', limit: 1 }), ['m/2500/live']);
    assert.deepEqual(await walk(reader, { prefix: 'm/0' }), []);
  });

  storeTest('a folded prefix is jumped over, not walked', async (given) => {
    const { consumer, reader } = given;
    for (let start = 0; start < 5000; start += 1000) {
      await consumer.apply(...Array.from({ length: 1000 }, (_, index) => putOf(`big/${start + index}`, 'x')));
    }
    await put(given, ['after', 'zzz']);
    const page = await reader.scan({ ...everything, delimiter: '/' });
    assert.deepEqual([namesOn(page), page.next], [['after', 'big/', 'zzz'], undefined]);
  });
}
