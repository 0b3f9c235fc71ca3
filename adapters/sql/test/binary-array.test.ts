import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Client } from 'pg';
import { boolArray, byteaArray, int8Array, textArray } from '../src/binary-array.ts';
import { TestServer } from './test-database.ts';

let server: TestServer;
let client: Client;
before(async () => {
  server = await TestServer.start();
  client = await (await server.createSchema()).connect();
});
after(async () => {
  await client.end();
  await server.close();
});

test('the server reads arrays as they were', async () => {
  const rows = fc.array(
    fc.record({
      bytes: fc.option(fc.uint8Array({ maxLength: 40 })),
      number: fc.option(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -3, max: 3 }))),
      text: fc.option(fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', ''))),
      flag: fc.option(fc.boolean()),
    }),
    { maxLength: 50 },
  );
  const property = fc.asyncProperty(rows, async (expected) => {
    const { rows: found } = await client.query(
      'SELECT * FROM unnest($1::bytea[], $2::int8[], $3::text[], $4::bool[]) AS t (bytes, number, text, flag)',
      [
        byteaArray(expected.map(({ bytes }) => bytes)),
        int8Array(expected.map(({ number }) => number)),
        textArray(expected.map(({ text }) => text)),
        boolArray(expected.map(({ flag }) => flag)),
      ],
    );
    const got = found.map(({ bytes, number, text, flag }) => ({
      bytes: bytes === null ? null : new Uint8Array(bytes),
      number: number === null ? null : Number(number),
      text,
      flag,
    }));
    assert.deepEqual(
      got,
      expected.map((row) => ({ ...row, number: row.number === null ? null : row.number + 0 })),
    );
  });
  await fc.assert(property, { numRuns: 40 });
});
