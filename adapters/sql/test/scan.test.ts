import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ScanPage, ScanPosition } from '@stratakv/core';
import { putOf, SoleConsumer } from '@stratakv/core/testing';
import { TestServer } from './test-database.ts';

let server: TestServer;
before(async () => {
  server = await TestServer.start();
});
after(() => server.close());

test('many folded prefixes, each with many keys, are listed in pages of bounded work', async () => {
  const schema = await server.createSchema();
  const proxy = await schema.proxy();
  const database = await schema.open({ url: schema.url([proxy.port]) });
  try {
    const consumer = new SoleConsumer(database.store);
    const prefixes = Array.from({ length: 250 }, (_, index) => `p${String(index).padStart(3, '0')}/`);
    const keys = [...prefixes.flatMap((prefix) => Array.from({ length: 20 }, (_, n) => `${prefix}${n}`)), 'flat', 'z'];
    for (let start = 0; start < keys.length; start += 1000) {
      await consumer.apply(...keys.slice(start, start + 1000).map((key) => putOf(key, 'x')));
    }
    let statements = 0;
    proxy.onRequest = (bytes) => {
      if (bytes.includes('list-entries')) statements += 1;
      return 'pass';
    };
    const names: string[] = [];
    let after: ScanPosition | undefined;
    let pages = 0;
    do {
      statements = 0;
      const query = { prefix: '', delimiter: '/', after, limit: 1000, maxBytes: 1_000_000 };
      const page: ScanPage = await database.reader.scan(query);
      assert.ok(statements <= 100, `${statements} statements`);
      names.push(...page.prefixes, ...page.entries.map(({ key }) => key));
      after = page.next;
      pages += 1;
    } while (after !== undefined);
    assert.deepEqual(names.toSorted(), [...prefixes, 'flat', 'z'].toSorted());
    assert.ok(pages > 1 && pages <= 4, `${pages} pages`);
  } finally {
    await proxy.close();
    await database.close();
  }
});

test('a page of the largest size is one statement', async () => {
  const schema = await server.createSchema();
  const proxy = await schema.proxy();
  const database = await schema.open({ url: schema.url([proxy.port]) });
  try {
    const consumer = new SoleConsumer(database.store);
    for (let start = 0; start < 2000; start += 1000) {
      await consumer.apply(...Array.from({ length: 1000 }, (_, index) => putOf(`k${start + index}`, 'x')));
    }
    let statements = 0;
    proxy.onRequest = (bytes) => {
      if (bytes.includes('list-entries')) statements += 1;
      return 'pass';
    };
    const query = { prefix: 'k', delimiter: undefined, after: undefined, limit: 1000, maxBytes: 10_000_000 };
    const page = await database.reader.scan(query);
    assert.deepEqual([page.entries.length, page.next?.isPrefix, statements], [1000, false, 1]);
  } finally {
    await proxy.close();
    await database.close();
  }
});
