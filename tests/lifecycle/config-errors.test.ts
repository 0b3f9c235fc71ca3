import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runStore, temporaryFolder } from '../framework/store-process.ts';

const folder = await temporaryFolder();

const wrong = {
  KV_PORT: 'eighty',
  KV_MAX_VALUE_BYTES: '1 gigabyte',
  KV_CACHE_TTL: '0s',
  KV_MAX_DATA_BYTES: '1',
  LOG_LEVEL: 'loud',
  KV_DATADIR: 'elsewhere',
};

test('all mistakes of the settings are told at once: variable, problem, example; nothing is opened', async () => {
  const dataDir = join(folder, 'never-made');
  const { exit, errors, log } = await runStore({ ...wrong, KV_DATA_DIR: dataDir });
  deepEqual(exit, { code: 2, signal: null });
  for (const [name, value] of Object.entries(wrong)) {
    const line = errors.split('\n').find((each) => each.trim().startsWith(`${name}: `)) ?? '';
    if (name !== 'KV_DATADIR') ok(line.includes(JSON.stringify(value)), `the value in: ${line}`);
    match(line, /\(for example [A-Z_]+=\S+\)/, `an example in: ${errors}`);
  }
  match(errors, /KV_DATADIR: .*KV_DATA_DIR/);
  match(errors, /^6 settings are wrong/);
  deepEqual(log, [], 'no log line');
  equal(existsSync(dataDir), false, 'no data folder');
});

test('one mistake is one line', async () => {
  const { exit, errors } = await runStore({ KV_PORT: '65536', KV_DATA_DIR: join(folder, 'never-made') });
  equal(exit.code, 2);
  equal(errors.trim().split('\n').length, 2, errors);
  match(errors, /KV_PORT: "65536" is not valid, expected whole number from 0 to 65535 \(for example KV_PORT=8080\)/);
});
