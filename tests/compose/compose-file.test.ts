import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { envoySettings } from '../../envoy/src/settings.ts';
import { nginxSettings } from '../../nginx/src/settings.ts';

/* What can be known of the compose files without Docker. npm run test:compose starts them. */

interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string | null>> }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const compose = parseCompose('docker-compose.yml');
const postgres = parseCompose('docker-compose.postgres.yml');
const services = { gateway: 'Gateway', 'storage-node': 'Storage node', consumer: 'Consumer' };

for (const [service, title] of Object.entries(services)) {
  describe(`the ${service} of docker-compose.yml`, () => {
    const known = settingsOf(title);
    const given = Object.keys(compose.services[service]?.environment ?? {});

    test('can be given every setting it has', () => {
      const plain = new Set(given.map((name) => name.replace(/_FILE$/, '')));
      // There are Sentinels; a name would be that of all consumers; and Envoy is in another container than the gateway.
      const unused = ['KV_REDIS_URL', 'KV_CONSUMER_NAME', 'KV_GATEWAY_SOCKET'];
      const left = known.filter((name) => !plain.has(name) && !unused.includes(name));
      deepEqual(left, []);
    });

    test('is given no setting it does not have', () => {
      deepEqual(
        given.filter((name) => !known.includes(name.replace(/_FILE$/, ''))),
        [],
      );
    });

    test('is built from the image and listens on the port of its Dockerfile', () => {
      const dockerfile = read(`${service}/Dockerfile`);
      const image = /^ARG NODE_IMAGE=(.*)$/m.exec(dockerfile)?.[1];
      ok(image);
      ok(read('docker-compose.yml').includes(`\${KV_NODE_IMAGE:-${image}}`));
      const port = /^EXPOSE (\d+)$/m.exec(dockerfile)?.[1];
      ok(dockerfile.includes(`"healthcheck.mjs", "${port}"`));
      const name = `KV_${service.replace('-node', '').toUpperCase()}_PORT`;
      equal(compose.services[service]?.environment?.[name], port);
    });
  });
}

test('edge-config is given no setting that neither Nginx nor Envoy has', () => {
  const known = [nginxSettings, envoySettings].flatMap((table) => Object.values(table)).map(({ name }) => name);
  const given = Object.keys(compose.services['edge-config']?.environment ?? {});
  deepEqual(
    given.filter((name) => !known.includes(name)),
    [],
  );
});

describe('the secrets', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stratakv-secrets-'));
  after(() => rmSync(folder, { recursive: true }));
  const secrets = join(folder, 'docker', 'secrets');
  const make = () =>
    execFileSync(process.execPath, ['scripts/docker-secrets.mjs'], {
      cwd: root,
      env: { ...process.env, KV_DATA_DIR: folder },
    });
  const contents = () => readdirSync(secrets).map((name) => [name, readFileSync(join(secrets, name), 'utf8')] as const);

  test('are all made, for this user and the containers alone', () => {
    make();
    const wanted = [compose, postgres].flatMap((file) =>
      Object.values(file.secrets).map((each) => basename(each.file)),
    );
    const made = readdirSync(secrets);
    deepEqual(
      wanted.filter((name) => !made.includes(name)),
      [],
    );
    equal(statSync(secrets).mode & 0o777, 0o700);
    for (const name of made) equal(statSync(join(secrets, name)).mode & 0o777, 0o444, name);
  });

  test('are different each, and long', () => {
    const own = contents().filter(([name]) => /^kv_secret$|_password$|_cookie$/.test(name));
    equal(new Set(own.map(([, text]) => text)).size, own.length);
    for (const [name, text] of own) ok(text.trim().length >= 32, name);
  });

  test('are never changed once they are there', () => {
    const before = contents();
    make();
    deepEqual(contents(), before);
  });
});

/** The names in a table of docs/configuration.md, which is made from the settings tables. */
function settingsOf(title: string): readonly string[] {
  const [, section = ''] = read('docs/configuration.md').split(`\n## ${title}\n`);
  const rows = section.split('\n## ')[0]?.matchAll(/^\| `(\w+)`/gm) ?? [];
  const names = [...rows].map(([, name = '']) => name);
  ok(names.length > 5, `the table ${title} was not found`);
  return names;
}

function parseCompose(path: string): ComposeFile {
  const reset = { tag: '!reset', resolve: () => null };
  return parse(read(path), { merge: true, maxAliasCount: -1, customTags: [reset] }) as ComposeFile;
}
