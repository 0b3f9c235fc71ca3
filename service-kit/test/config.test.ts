import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import {
  byteSize,
  ConfigError,
  duration,
  exitOnConfigError,
  filePath,
  flag,
  integer,
  oneOf,
  optional,
  readConfig,
  renderEnvExample,
  settingNames,
  text,
} from '../src/index.ts';

const table = {
  port: integer({ name: 'KV_PORT', about: 'Port.', min: 1, max: 65_535, default: 8080, example: '8080' }),
  waitSeconds: duration({ name: 'KV_WAIT', about: 'Wait.', unit: 's', max: 60, default: '5s', example: '5s' }),
  pauseMs: duration({ name: 'KV_PAUSE', about: 'Pause.', unit: 'ms', default: 250, example: '250ms' }),
  maxValueBytes: byteSize({ name: 'KV_MAX_VALUE_BYTES', about: 'Limit.', default: '1MiB', example: '64MiB' }),
  mode: oneOf({ name: 'KV_MODE', about: 'Mode.', values: ['a', 'b'], default: 'a', example: 'b' }),
  isOn: flag({ name: 'KV_ON', about: 'On.', default: false, example: 'true' }),
  dataDir: filePath({ name: 'KV_DATA_DIR', about: 'Data.', default: './data', example: '/var/lib/kv' }),
  secret: text({ name: 'KV_SECRET', about: 'Key.', minLength: 8, isSecret: true, example: 'of-your-own' }),
  label: optional(text({ name: 'KV_LABEL', about: 'Label.', example: 'blue' })),
};

function mistakesOf(env: Record<string, string>, known: string[] = []): ConfigError {
  try {
    readConfig(table, env, known);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

test('defaults, types and freezing', () => {
  const config = readConfig(table, { KV_SECRET: 'long enough', KV_PORT: '' });
  const port: number = config.port;
  const mode: 'a' | 'b' = config.mode;
  const label: string | undefined = config.label;
  assert.deepEqual({ port, mode, label }, { port: 8080, mode: 'a', label: undefined });
  assert.equal(config.waitSeconds, 5);
  assert.equal(config.pauseMs, 250);
  assert.equal(config.maxValueBytes, 1_048_576);
  assert.equal(config.dataDir, resolve('data'));
  assert.ok(Object.isFrozen(config));
});

test('units', () => {
  const read = (env: Record<string, string>) => readConfig(table, { KV_SECRET: 'long enough', ...env });
  assert.equal(read({ KV_WAIT: '1m' }).waitSeconds, 60);
  assert.equal(read({ KV_WAIT: '7' }).waitSeconds, 7);
  assert.equal(read({ KV_PAUSE: '2s' }).pauseMs, 2000);
  assert.equal(read({ KV_MAX_VALUE_BYTES: '64KiB' }).maxValueBytes, 65_536);
  assert.equal(read({ KV_MAX_VALUE_BYTES: '12' }).maxValueBytes, 12);
  assert.equal(read({ KV_ON: 'on' }).isOn, true);
});

test('every mistake at once, each with value and example', () => {
  const env = { KV_PORT: '80a', KV_WAIT: '500ms', KV_MAX_VALUE_BYTES: '1MB', KV_MODE: 'c', KV_ON: 'maybe' };
  const error = mistakesOf(env);
  assert.deepEqual(
    error.mistakes.map(({ name }) => name),
    ['KV_PORT', 'KV_WAIT', 'KV_MAX_VALUE_BYTES', 'KV_MODE', 'KV_ON', 'KV_SECRET'],
  );
  assert.match(
    error.message,
    /KV_PORT: "80a" is not valid, expected whole number from 1 to 65535 \(for example KV_PORT=8080\)/,
  );
  assert.match(error.message, /KV_SECRET: required/);
  assert.equal(error.message.split('\n').length, 7);
});

test('limits are enforced', () => {
  assert.equal(mistakesOf({ KV_SECRET: 'long enough', KV_PORT: '0' }).mistakes.length, 1);
  assert.equal(mistakesOf({ KV_SECRET: 'long enough', KV_WAIT: '61' }).mistakes.length, 1);
  assert.equal(mistakesOf({ KV_SECRET: 'long enough', KV_PORT: '8080.5' }).mistakes.length, 1);
});

test('a secret is never shown', () => {
  const error = mistakesOf({ KV_SECRET: 'hunter2' });
  assert.doesNotMatch(error.message, /hunter2/);
  assert.match(error.message, /KV_SECRET: the secret is not valid, expected 8 to 1024 characters/);
});

test('a secret from a file', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'kv-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  writeFileSync(file, 'from the file\n');
  assert.equal(readConfig(table, { KV_SECRET_FILE: file }).secret, 'from the file');
  assert.match(mistakesOf({ KV_SECRET_FILE: `${file}.not` }).message, /KV_SECRET: the file .* cannot be read: ENOENT/);
  assert.match(mistakesOf({ KV_SECRET_FILE: file, KV_SECRET: 'also set' }).message, /set together with KV_SECRET_FILE/);
});

test('typing errors are found, the names of others are not', () => {
  const env = { KV_SECRET: 'long enough', KV_PROT: '1', KV_ENTIRELY_OTHER: '1', PORT: '1', KV_PORTS: '1' };
  const error = mistakesOf(env, ['KV_PORTS']);
  assert.deepEqual(error.mistakes, [
    { name: 'KV_PROT', problem: 'unknown; did you mean KV_PORT?', example: 'KV_PORT=8080' },
  ]);
  assert.ok(settingNames(table).includes('KV_SECRET_FILE'));
});

test('a table with a wrong default is refused', () => {
  assert.throws(() => integer({ name: 'KV_X', about: 'X.', max: 5, default: 6, example: '1' }), RangeError);
});

test('.env.example changes nothing and names each variable once', () => {
  const rendered = renderEnvExample([
    { title: 'All', settings: { port: table.port } },
    { title: 'Gateway', settings: table },
    { title: 'Nothing new', settings: { port: table.port } },
  ]);
  assert.ok(rendered.split('\n').every((line) => line === '' || line.startsWith('#')));
  assert.equal(rendered.match(/# KV_PORT=8080/g)?.length, 1);
  assert.match(rendered, /# Port\. Whole number from 1 to 65535\.\n# KV_PORT=8080\n/);
  assert.match(rendered, /Required\. For example:\n# KV_SECRET=of-your-own/);
  assert.doesNotMatch(rendered, /Nothing new/);
  const other = integer({ name: 'KV_PORT', about: 'Port.', default: 1, example: '1' });
  const clash = { title: 'Clash', settings: { port: other } };
  assert.throws(() => renderEnvExample([{ title: 'All', settings: table }, clash]), /disagree about KV_PORT/);
});

test('a mistake ends the process with code 2', (t) => {
  const exit = t.mock.method(process, 'exit', () => {
    throw new Error('exited');
  });
  const write = t.mock.method(process.stderr, 'write', () => true);
  assert.throws(() => exitOnConfigError(() => readConfig(table, {})), /exited/);
  assert.deepEqual(exit.mock.calls[0]?.arguments, [2]);
  assert.match(String(write.mock.calls[0]?.arguments[0]), /KV_SECRET: required/);
  assert.throws(() => exitOnConfigError(() => assert.fail('passes through')), /passes through/);
});
