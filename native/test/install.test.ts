import { equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../src/install/main.ts', import.meta.url));

function runInstaller(programs: readonly string[], environment: Readonly<Record<string, string>>) {
  const { PATH = '' } = process.env;
  const run = spawnSync(process.execPath, [main, ...programs], { env: { PATH, ...environment }, encoding: 'utf8' });
  return { code: run.status, out: run.stdout, error: run.stderr };
}

test('it says nothing when all is there', () => {
  const servers = ['nginx', 'redis-server', 'redis-sentinel', 'rabbitmq-server', 'postgres', 'epmd'];
  const { code, out, error } = runInstaller(servers, {});
  equal(`${code} ${out}${error}`, '0 ', 'npm test installs what is missing before it comes here');
});

test('what may not be installed is named, with the command that installs it and what runs without', () => {
  const { code, out, error } = runInstaller(['redis-sentinel', 'redis-server'], {
    PATH: '/nowhere',
    KV_INSTALL: 'never',
  });
  equal(code, 1);
  equal(out, '');
  match(error, /^Missing on this machine: redis-sentinel, redis-server\.$/m);
  match(error, /apt-get install --no-install-recommends redis-sentinel redis-server$/m);
  match(error, /\.\/start\.sh embedded$/m);
  match(error, /KV_INSTALL=never/);
});

test('a word that is no program and a mode that is none are refused', () => {
  match(runInstaller(['mysql'], {}).error, /Nothing is known about a program mysql/);
  match(
    runInstaller([], { KV_INSTALL: 'yes' }).error,
    /KV_INSTALL: "yes" is not valid, expected auto, always or never/,
  );
});
