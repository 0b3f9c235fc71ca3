import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { StrataError } from '@stratakv/core';
import { openSqlReader, type SqlObserver } from '../src/index.ts';
import { type TestSchema, TestServer } from './test-database.ts';

let server: TestServer;
let schema: TestSchema;
let folder: string;
const inFolder = (name: string) => join(folder, name);

before(async () => {
  server = await TestServer.start();
  schema = await server.createSchema();
  await (await schema.open()).close();
  folder = mkdtempSync(join(tmpdir(), 'stratakv-tls-'));
  makeAuthority('ca');
  makeAuthority('other-ca');
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

function makeAuthority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-days', '2'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    ...subject,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
  );
}

/** Lets the server show a certificate for a name, signed by `ca`. */
async function serveAs(name: string): Promise<void> {
  openssl(
    'req',
    '-new',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-subj',
    '/CN=db',
    '-keyout',
    'db.key',
    '-out',
    'db.csr',
  );
  writeFileSync(inFolder('names'), `subjectAltName=${name}`);
  openssl(
    'x509',
    '-req',
    '-in',
    'db.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-days',
    '2',
    '-extfile',
    'names',
    '-out',
    'db.crt',
  );
  const data = server.postgres.process.spec.folder ?? '';
  const { uid, gid } = statSync(data);
  for (const file of ['db.key', 'db.crt']) {
    writeFileSync(join(data, file), readFileSync(inFolder(file)), { mode: 0o600 });
    chownSync(join(data, file), uid, gid);
  }
  await server.configure({ ssl: 'on', ssl_cert_file: `'db.crt'`, ssl_key_file: `'db.key'` });
}

/** Whether a reader gets in, and if not, why. */
async function enter(parameters: Record<string, string>, port = server.port): Promise<string> {
  const errors: string[] = [];
  const observer: SqlObserver = { onConnectFailure: (_, error) => void errors.push(error.message) };
  const url = schema.url([port], parameters);
  const reader = openSqlReader({ url, observer, timeouts: { connectMs: 1000, callMs: 1500 } });
  try {
    await reader.check();
    return 'in';
  } catch (error) {
    assert.ok(error instanceof StrataError && error.code === 'unavailable');
    return errors.join();
  } finally {
    await reader.close();
  }
}

test('each sslmode asks for what libpq asks for', async () => {
  const [ca, otherCa] = ['ca.crt', 'other-ca.crt'].map(inFolder) as [string, string];
  await server.configure({});
  assert.match(await enter({ sslmode: 'require' }), /does not support SSL/);
  await serveAs('IP:127.0.0.1');
  assert.equal(await enter({ sslmode: 'disable' }), 'in');
  assert.equal(await enter({ sslmode: 'require' }), 'in');
  assert.equal(await enter({ sslmode: 'require', sslrootcert: ca }), 'in');
  assert.match(await enter({ sslmode: 'require', sslrootcert: otherCa }), /certificate/);
  assert.equal(await enter({ sslmode: 'verify-ca', sslrootcert: ca }), 'in');
  assert.match(await enter({ sslmode: 'verify-ca', sslrootcert: otherCa }), /certificate/);
  assert.match(await enter({ sslmode: 'verify-ca' }), /certificate/);
  assert.equal(await enter({ sslmode: 'verify-full', sslrootcert: ca }), 'in');
  await serveAs('DNS:db.example');
  assert.equal(await enter({ sslmode: 'verify-ca', sslrootcert: ca }), 'in');
  assert.match(await enter({ sslmode: 'verify-full', sslrootcert: ca }), /does not match/);
});

test('what is sent with sslmode=require is encrypted', async () => {
  await serveAs('IP:127.0.0.1');
  const proxy = await schema.proxy();
  const seen: Buffer[] = [];
  proxy.onRequest = (bytes) => {
    seen.push(bytes);
    return 'pass';
  };
  try {
    assert.equal(await enter({ sslmode: 'require' }, proxy.port), 'in');
    assert.ok(seen.length > 2);
    assert.ok(!Buffer.concat(seen).includes('stratakv'));
  } finally {
    await proxy.close();
  }
});

test('a network that falls silent, in the handshake or behind it, costs no more than the deadline', async () => {
  await serveAs('IP:127.0.0.1');
  const proxy = await schema.proxy();
  const reader = openSqlReader({
    url: schema.url([proxy.port], { sslmode: 'require' }),
    timeouts: { connectMs: 400, callMs: 800 },
  });
  try {
    for (const passedOn of [0, 1, 2, 3, 4, 6, 8, 20]) {
      let count = 0;
      proxy.onRequest = () => {
        count += 1;
        return count > passedOn ? 'hold' : 'pass';
      };
      const startedAt = performance.now();
      await reader.check().catch(() => {});
      assert.ok(performance.now() - startedAt < 1500);
      proxy.onRequest = () => 'pass';
    }
    await reader.check();
  } finally {
    await proxy.close();
    await reader.close();
  }
});
