import { deepEqual, equal, ok } from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { ListPage } from '../framework/documents.ts';
import { inParallel } from '../framework/eventually.ts';
import { assertProblem } from '../framework/problems.ts';
import { useStore } from '../framework/store.ts';

const store = await useStore();
const queryOf = (name: string) => `prefix=${encodeURIComponent(store.key(name))}`;
const many = Array.from({ length: 2_500 }, (_, n) => store.key(`many/${String(n).padStart(5, '0')}`));

function keysOf(pages: readonly ListPage[]): string[] {
  return pages.flatMap((page) => page.entries.map((entry) => entry.key));
}

before(() => inParallel(many, 64, (key) => store.write(key, 'x')));

describe('pages', () => {
  test('have 100 entries when nothing else is asked', async () => {
    equal((await store.list(`?${queryOf('many/')}`)).entries.length, 100);
  });

  for (const [limit, pages] of [
    [1_000, 3],
    [999, 3],
    [250, 10],
    [100, 25],
  ] as const) {
    test(`of ${limit} give 2,500 keys in order, each once, in ${pages} pages`, async () => {
      const all = await store.listAll(`?${queryOf('many/')}&limit=${limit}`);
      deepEqual(keysOf(all), many);
      equal(all.length, pages, 'a full last page has no next');
    });
  }

  test('of one entry go on after it', async () => {
    const first = await store.list(`?${queryOf('many/')}&limit=1`);
    const second = await store.list(first.next ?? '');
    deepEqual(keysOf([first, second]), many.slice(0, 2));
  });

  test('name the next one in the body and in Link alike', async () => {
    const answer = await store.request('GET', `/kv?${queryOf('many/')}&limit=10`);
    const { next } = answer.json() as ListPage;
    ok(next?.startsWith('/kv?'), next);
    equal(answer.header('link'), `<${next}>; rel="next"`);
  });

  test('may change their size on the way', async () => {
    const first = await store.list(`?${queryOf('many/')}&limit=10`);
    const cursor = new URLSearchParams((first.next ?? '').split('?')[1]).get('cursor') ?? '';
    const second = await store.list(`?${queryOf('many/')}&limit=20&cursor=${encodeURIComponent(cursor)}`);
    deepEqual(keysOf([first, second]), many.slice(0, 30));
  });

  test('of all entries of the store include these', async () => {
    const keys = new Set(keysOf(await store.listAll('?limit=1000')));
    ok(many.every((key) => keys.has(key)));
  });
});

describe('a cursor', () => {
  test('never repeats or skips a key that was there throughout, whatever is written in between', async () => {
    const steady = Array.from({ length: 300 }, (_, n) => store.key(`moving/${String(n).padStart(4, '0')}`));
    await inParallel(steady, 64, (key) => store.write(key, 'x'));
    const seen: string[] = [];
    let query: string | undefined = `?${queryOf('moving/')}&limit=50`;
    for (let round = 0; query !== undefined; round++) {
      const page: ListPage = await store.list(query);
      seen.push(...keysOf([page]));
      query = page.next;
      // One key before, one right after and one far behind the end of this page, and a new value for one that was shown.
      const last = seen.at(-1) ?? '';
      await Promise.all([
        store.write(store.key(`moving/0000-${round}`), 'new'),
        store.write(`${last}-${round}`, 'new'),
        store.write(store.key(`moving/9999-${round}`), 'new'),
        store.write(steady[0] ?? '', 'changed'),
      ]);
    }
    deepEqual(
      seen.filter((key) => /\/\d{4}$/.test(key)),
      steady,
    );
    equal(new Set(seen).size, seen.length);
  });

  test('goes on when the key it stands on is deleted', async () => {
    const keys = ['a', 'b', 'c', 'd'].map((name) => store.key(`standing/${name}`));
    for (const key of keys) await store.write(key, 'x');
    const first = await store.list(`?${queryOf('standing/')}&limit=2`);
    await store.erase(keys[1] ?? '');
    deepEqual(keysOf([await store.list(first.next ?? '')]), keys.slice(2));
  });

  test('goes through folded prefixes too, each once', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `folders/${String(n % 20).padStart(2, '0')}/${n}`);
    await inParallel([...names, 'folders/05-file', 'folders/zz'], 32, (name) => store.write(store.key(name), 'x'));
    for (const limit of [1, 3, 7]) {
      const pages = await store.listAll(`?${queryOf('folders/')}&delimiter=/&limit=${limit}`);
      // An entry and a prefix are each one of the limit, as in S3: a page stays bounded.
      for (const page of pages) ok(page.entries.length + (page.prefixes?.length ?? 0) <= limit, JSON.stringify(page));
      deepEqual(keysOf(pages), [store.key('folders/05-file'), store.key('folders/zz')]);
      deepEqual(
        pages.flatMap((page) => page.prefixes ?? []),
        Array.from({ length: 20 }, (_, n) => store.key(`folders/${String(n).padStart(2, '0')}/`)),
      );
    }
  });
});

describe('a cursor that is not of this list is 400 invalid-cursor', () => {
  const nextOf = async (query: string) => {
    const { next = '' } = await store.list(query);
    return new URLSearchParams(next.split('?')[1]).get('cursor') ?? '';
  };

  test('made up', async () => {
    for (const cursor of ['x', 'bm9uc2Vuc2U', '0', 'a'.repeat(1_000)]) {
      assertProblem(await store.request('GET', `/kv?${queryOf('many/')}&cursor=${cursor}`), 'invalid-cursor', 400);
    }
  });

  test('with any one character changed', async () => {
    const cursor = await nextOf(`?${queryOf('many/')}&limit=2`);
    const positions = Array.from({ length: cursor.length }, (_, at) => at);
    await inParallel(positions, 16, async (at) => {
      const changed = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
      const path = `/kv?${queryOf('many/')}&limit=2&cursor=${encodeURIComponent(changed)}`;
      assertProblem(await store.request('GET', path), 'invalid-cursor', 400);
    });
  });

  test('shortened or made longer', async () => {
    const cursor = await nextOf(`?${queryOf('many/')}&limit=2`);
    for (const changed of [cursor.slice(0, -1), `${cursor}A`, cursor.slice(1)]) {
      const path = `/kv?${queryOf('many/')}&limit=2&cursor=${encodeURIComponent(changed)}`;
      assertProblem(await store.request('GET', path), 'invalid-cursor', 400);
    }
  });

  test('of another prefix or delimiter', async () => {
    const cursor = encodeURIComponent(await nextOf(`?${queryOf('many/')}&limit=2`));
    for (const query of [
      queryOf('many/0'),
      queryOf('other/'),
      `${queryOf('many/')}&delimiter=/`,
      'prefix=',
      'limit=2',
    ]) {
      assertProblem(await store.request('GET', `/kv?${query}&cursor=${cursor}`), 'invalid-cursor', 400);
    }
  });
});

test('a page has at most 1 MiB, and the rest follows', async () => {
  // A quote takes one byte in a key and two in JSON, so 1,000 such keys do not fit.
  const start = store.key('big/');
  const keys = Array.from({ length: 1_000 }, (_, n) => `${start}${String(n).padStart(4, '0')}${'"'.repeat(440)}`);
  await inParallel(keys, 64, (key) => store.write(key, 'x', { 'Content-Type': `text/plain; note=${'n'.repeat(200)}` }));
  const seen: string[] = [];
  let path: string | undefined = `/kv?${queryOf('big/')}&limit=1000`;
  let pages = 0;
  while (path !== undefined) {
    const answer = await store.request('GET', path);
    ok(answer.body.length <= 1024 * 1024, `a page of ${answer.body.length} bytes`);
    const page = answer.json() as ListPage;
    seen.push(...keysOf([page]));
    path = page.next;
    pages++;
  }
  deepEqual(seen, keys);
  ok(pages >= 2, `${pages} pages`);
});
