import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseUrlError, parseDatabaseUrl } from '../src/database-url.ts';
import { openSqlReader } from '../src/index.ts';

const noTls = { mode: 'disable', rootCertificate: undefined, certificate: undefined, key: undefined };

test('a URL is read as libpq reads it', () => {
  assert.deepEqual(parseDatabaseUrl('postgresql://kv:s%40cret@db.example:5433/store'), {
    hosts: [{ host: 'db.example', port: 5433 }],
    user: 'kv',
    password: 's@cret',
    database: 'store',
    tls: noTls,
    options: undefined,
  });
  const cluster = parseDatabaseUrl(
    'postgres://kv@c1:26257,c2,[2001:db8::1]:26257/st%C3%B6re' +
      '?sslmode=verify-full&sslrootcert=/ca.crt&sslcert=/kv.crt&sslkey=/kv.key&options=--cluster%3Dkv',
  );
  assert.deepEqual(cluster, {
    hosts: [
      { host: 'c1', port: 26257 },
      { host: 'c2', port: 5432 },
      { host: '2001:db8::1', port: 26257 },
    ],
    user: 'kv',
    password: undefined,
    database: 'störe',
    tls: { mode: 'verify-full', rootCertificate: '/ca.crt', certificate: '/kv.crt', key: '/kv.key' },
    options: '--cluster=kv',
  });
  assert.deepEqual(parseDatabaseUrl('postgresql://kv@%2Frun%2Fpostgresql/kv').hosts, [
    { host: '/run/postgresql', port: 5432 },
  ]);
});

test('a password may hold anything, and an at sign even as it is', () => {
  const { password, hosts } = parseDatabaseUrl('postgresql://kv:a@b:c%2F%3F%23%25@h/kv');
  assert.equal(password, 'a@b:c/?#%');
  assert.deepEqual(hosts, [{ host: 'h', port: 5432 }]);
});

test('a URL that cannot be used says what is wrong, and nothing of the password', () => {
  const cases: [string, RegExp][] = [
    ['', /not of the form/],
    ['mysql://kv:hunter2@h/kv', /not of the form/],
    ['hunter2', /not of the form/],
    ['postgresql://kv:hunter2@h', /names no database/],
    ['postgresql://kv:hunter2@h/', /names no database/],
    ['postgresql://h/kv', /names no user/],
    ['postgresql://:hunter2@h/kv', /names no user/],
    ['postgresql://kv:hun/ter2@h/kv', /percent-encode/],
    ['postgresql://kv:hun#ter2@h/kv', /not of the form/],
    ['postgresql://kv:hunter2@/kv', /host number 1/],
    ['postgresql://kv:hunter2@h1,:5432/kv', /host number 2/],
    ['postgresql://kv:hunter2@h:0/kv', /host number 1/],
    ['postgresql://kv:hunter2@h:65536/kv', /host number 1/],
    ['postgresql://kv:hunter2@h:port/kv', /host number 1/],
    ['postgresql://kv:hunter2%@h/kv', /password is not percent-encoded/],
    ['postgresql://kv:hunter2@h/kv?sslmode=prefer', /sslmode is not one of disable, require, verify-ca, verify-full/],
    ['postgresql://kv:hunter2@h/kv?sslmode=require&sslmode=disable', /sslmode is there twice/],
    ['postgresql://kv:hunter2@h/kv?pool=hunter2', /unknown parameter/],
    [
      'postgresql://kv:hunter2@h/kv?sslmode=verify-full&sslrootcert=/nowhere/ca.crt',
      /sslrootcert cannot be read \(ENOENT\)/,
    ],
  ];
  for (const [url, expected] of cases) {
    const isClear = (error: unknown) => {
      assert.ok(error instanceof DatabaseUrlError, url);
      assert.match(error.message, expected);
      assert.doesNotMatch(error.message, /hun|ter2/);
      return true;
    };
    assert.throws(() => openSqlReader({ url }), isClear);
  }
});
