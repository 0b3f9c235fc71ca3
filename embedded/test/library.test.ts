import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { OptionsError, StartError, startEmbedded } from '../src/index.ts';

const folder = await mkdtemp(join(tmpdir(), 'stratakv-library-'));
after(() => rm(folder, { recursive: true, force: true }));

const run = promisify(execFile);
const moduleUrl = new URL('../src/index.ts', import.meta.url).href;

const start = (name: string) => startEmbedded({ port: 0, dataDir: join(folder, name) });

async function put(url: string, value: string): Promise<void> {
  const answer = await fetch(`${url}/kv/key`, { method: 'PUT', body: value, headers: { Prefer: 'wait=10' } });
  assert.ok(answer.status === 201 || answer.status === 204, `${answer.status} ${await answer.text()}`);
}

const get = async (url: string) => (await fetch(`${url}/kv/key`)).text();

describe('startEmbedded', () => {
  test('takes a free port and says where it listens', async () => {
    const store = await start('port');
    assert.match(store.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
    await put(store.url, 'value');
    assert.equal(await get(store.url), 'value');
    await store.close();
    await assert.rejects(fetch(`${store.url}/healthz`));
  });

  test('two stores in one process do not see each other', async () => {
    const [one, two] = await Promise.all([start('one'), start('two')]);
    await Promise.all([put(one.url, 'one'), put(two.url, 'two')]);
    assert.deepEqual([await get(one.url), await get(two.url)], ['one', 'two']);
    await one.close();
    await put(two.url, 'two again');
    await two.close();
  });

  test('a folder in use is refused, also within the process; a closed one can be opened again', async () => {
    const first = await start('same');
    await put(first.url, 'kept');
    await assert.rejects(start('same'), (error) => error instanceof StartError && /in use/.test(error.message));
    assert.equal(await get(first.url), 'kept', 'the first is not disturbed');
    await first.close();
    const second = await start('same');
    assert.equal(await get(second.url), 'kept');
    await second.close();
  });

  test('closing twice, at once or later, is closing once', async () => {
    const store = await start('twice');
    await Promise.all([store.close(), store.close()]);
    await store.close();
  });

  test('options are checked, all at once, before anything is opened', async () => {
    const wrong = { port: 70_000, cacheBytes: Number.NaN, bind: null, logLevel: 'loud', dataDri: 'x' };
    await assert.rejects(startEmbedded(wrong as object), (error) => {
      assert.ok(error instanceof OptionsError);
      for (const name of Object.keys(wrong)) assert.match(error.message, new RegExp(`^  ${name}: `, 'm'));
      assert.match(error.message, /port: 70000 is not valid, expected whole number from 0 to 65535/);
      return true;
    });
  });

  test('an option that is undefined has its default', async () => {
    const options = { port: 0, dataDir: join(folder, 'undefined'), bind: undefined, maxDataBytes: undefined };
    const store = await startEmbedded(options as object);
    assert.match(store.url, /127\.0\.0\.1/);
    await store.close();
  });
});

test('a program that closes its store ends by itself', async () => {
  const script = `
    import { startEmbedded } from ${JSON.stringify(moduleUrl)};
    const store = await startEmbedded({ port: 0, dataDir: ${JSON.stringify(join(folder, 'program'))} });
    await fetch(store.url + '/kv/key', { method: 'PUT', body: 'value', headers: { connection: 'close' } });
    await store.close();
    process.stdout.write('closed');
  `;
  const args = ['--input-type=module', '--eval', script];
  const { stdout } = await run(process.execPath, args, {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    timeout: 20_000,
  });
  assert.equal(stdout, 'closed');
});

test('starting and closing again and again leaves nothing behind', async () => {
  const cycle = async () => {
    const store = await start('cycles');
    await put(store.url, 'value');
    await store.close();
  };
  // What is made once, such as the pool of fetch, is there after the first ones.
  for (let round = 0; round < 3; round += 1) await cycle();
  const before = process.getActiveResourcesInfo().toSorted();
  for (let round = 0; round < 20; round += 1) await cycle();
  assert.deepEqual(process.getActiveResourcesInfo().toSorted(), before);
});
