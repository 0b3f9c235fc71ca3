import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ListPage } from '../framework/documents.ts';
import { inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const prefixOf = (name: string) => `prefix=${encodeURIComponent(store.key(name))}`;

function names(pages: readonly ListPage[]): string[] {
  return pages.flatMap((page) => page.entries.map((entry) => entry.key.slice(store.space.length)));
}

async function fill(...keys: readonly string[]): Promise<void> {
  await inParallel(keys, 32, (name) => store.write(store.key(name), `of ${name}`));
}

describe('a list', () => {
  test('shows each entry with its version, size, type and time, and not its value', async () => {
    const key = store.key('shown');
    const before = Date.now();
    const version = await store.write(key, 'São', { 'Content-Type': 'text/plain' });
    const page = await store.list(`?${prefixOf('shown')}`);
    equal(page.prefix, key);
    const [entry] = page.entries;
    ok(entry);
    const { modifiedAt, ...rest } = entry;
    deepEqual(rest, { key, version, size: 4, contentType: 'text/plain' });
    match(modifiedAt, /Z$/);
    ok(Math.abs(Date.parse(modifiedAt) - before) < 5_000, modifiedAt);
  });

  test('of nothing is empty and has no next page', async () => {
    const answer = await store.request('GET', `/kv?${prefixOf('nothing-here/')}`);
    equal(answer.status, 200);
    const page = answer.json() as ListPage;
    deepEqual(page.entries, []);
    equal(page.next, undefined);
    equal(answer.header('link'), undefined);
  });

  test('does not show what was deleted', async () => {
    await fill('deleted/a', 'deleted/b', 'deleted/c');
    await store.erase(store.key('deleted/b'));
    deepEqual(names([await store.list(`?${prefixOf('deleted/')}`)]), ['deleted/a', 'deleted/c']);
  });

  test('shows a waited write at once', async () => {
    for (let n = 0; n < 10; n++) {
      await fill(`fresh/${n}`);
      equal((await store.list(`?${prefixOf('fresh/')}`)).entries.length, n + 1);
    }
  });

  test('HEAD has the headers of GET', async () => {
    const head = await store.request('HEAD', `/kv?${prefixOf('deleted/')}`);
    equal(head.status, 200);
    equal(head.mediaType, 'application/json');
  });
});

describe('the prefix', () => {
  test('is compared by bytes and ends anywhere, inside a segment too', async () => {
    await fill('pre/a', 'pre/ab', 'pre/abc/d', 'pre/b', 'pre/A', 'pre/a b', 'pre/a%2F');
    const start = (name: string) => store.list(`?${prefixOf(name)}`).then((page) => names([page]));
    deepEqual(await start('pre/a'), ['pre/a', 'pre/a b', 'pre/a%2F', 'pre/ab', 'pre/abc/d']);
    deepEqual(await start('pre/ab'), ['pre/ab', 'pre/abc/d']);
    deepEqual(await start('pre/abc/'), ['pre/abc/d']);
    deepEqual(await start('pre/a%'), ['pre/a%2F']);
  });

  test('means its characters, not a pattern', async () => {
    await fill('pattern/_', 'pattern/x', 'pattern/%', 'pattern/[x]', 'pattern/*');
    deepEqual(names([await store.list(`?${prefixOf('pattern/_')}`)]), ['pattern/_']);
    deepEqual(names([await store.list(`?${prefixOf('pattern/%')}`)]), ['pattern/%']);
    deepEqual(names([await store.list(`?${prefixOf('pattern/*')}`)]), ['pattern/*']);
    deepEqual(names([await store.list(`?${prefixOf('pattern/[')}`)]), ['pattern/[x]']);
  });

  test('of the highest characters finds its keys and no others', async () => {
    await fill('high/\u{10ffff}', 'high/\u{10ffff}a', 'high/\uffff', 'high0');
    deepEqual(names([await store.list(`?${prefixOf('high/\u{10ffff}')}`)]), ['high/\u{10ffff}', 'high/\u{10ffff}a']);
  });
});

test('the order is that of the bytes of the keys', async () => {
  const inOrder = ['!', '%', '-', '.x', '/', '0', 'A', 'Z', '_', 'aa', 'a', 'é', 'ÿ', '€', '\ue000', '\uff5e', '😀'];
  const keys = inOrder.map((name) => `order/x${name}x`);
  await fill(...keys.toReversed());
  const listed = names([await store.list(`?${prefixOf('order/')}`)]);
  // JavaScript would sort the emoji before U+E000 and U+FF5E, by its UTF-16 units.
  deepEqual(listed, keys);
  deepEqual(
    listed,
    keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
});

describe('the delimiter', () => {
  test('folds what follows it into common prefixes', async () => {
    await fill('fold/a', 'fold/eu/lisbon', 'fold/eu/rome', 'fold/us/ny/bronx', 'fold/us/la', 'fold/z');
    const page = await store.list(`?${prefixOf('fold/')}&delimiter=%2F`);
    deepEqual(names([page]), ['fold/a', 'fold/z']);
    deepEqual(page.prefixes, [store.key('fold/eu/'), store.key('fold/us/')]);
  });

  test('inside the prefix does not fold', async () => {
    const page = await store.list(`?${prefixOf('fold/us/')}&delimiter=/`);
    deepEqual(names([page]), ['fold/us/la']);
    deepEqual(page.prefixes, [store.key('fold/us/ny/')]);
  });

  test('may be another character', async () => {
    await fill('dash/a-1', 'dash/a-2', 'dash/b');
    const page = await store.list(`?${prefixOf('dash/')}&delimiter=-`);
    deepEqual(names([page]), ['dash/b']);
    deepEqual(page.prefixes, [store.key('dash/a-')]);
  });

  test('shows a folder again when its only key is a prefix of nothing else', async () => {
    await fill('one/x/y');
    const page = await store.list(`?${prefixOf('one/')}&delimiter=/`);
    deepEqual(page.entries, []);
    deepEqual(page.prefixes, [store.key('one/x/')]);
  });

  test('does not show a folder whose keys are all deleted', async () => {
    await fill('gone/a/1', 'gone/a/2', 'gone/b');
    await store.erase(store.key('gone/a/1'));
    await store.erase(store.key('gone/a/2'));
    const page = await store.list(`?${prefixOf('gone/')}&delimiter=/`);
    deepEqual(names([page]), ['gone/b']);
    deepEqual(page.prefixes ?? [], []);
  });
});

describe('a query that is not valid is 400 invalid-query', () => {
  const queries = [
    'limit=0',
    'limit=1001',
    'limit=-1',
    'limit=1.5',
    'limit=abc',
    'limit=',
    'limit=1e2',
    'limit=99999999999999999999',
    'unknown=1',
    'prefix=a&prefix=b',
    'limit=1&limit=1',
    'delimiter=/&delimiter=/',
    'Prefix=a',
    'prefix=%FF',
    'prefix=%',
    'prefix=%C0%80',
  ];
  for (const query of queries) {
    test(query, async () => {
      assertProblem(await store.request('GET', `/kv?${query}`), 'invalid-query', 400);
    });
  }
});

test('a list is read only: every other method is refused', async () => {
  assertProblem(await store.request('PUT', '/kv', { body: 'x' }), 'method-not-allowed', 405);
  assertProblem(await store.request('DELETE', '/kv'), 'method-not-allowed', 405);
});
