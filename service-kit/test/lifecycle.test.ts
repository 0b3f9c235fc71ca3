import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { createLogger, Lifecycle } from '../src/index.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

test('closers run in reverse, all of them, once', async () => {
  const lifecycle = new Lifecycle({ logger });
  const closed: string[] = [];
  lifecycle.push('store', () => closed.push('store'));
  lifecycle.push('broken', () => {
    closed.push('broken');
    throw new Error('broken');
  });
  lifecycle.push('server', async () => void closed.push('server'));
  const [first, second] = await Promise.all([lifecycle.close(), lifecycle.close()]);
  assert.deepEqual(closed, ['server', 'broken', 'store']);
  assert.deepEqual(first, { failed: ['broken'] });
  assert.equal(first, second);
});

test('a closer that hangs does not keep the others from starting', async () => {
  const lifecycle = new Lifecycle({ logger, deadlineMs: 30 });
  const closed: string[] = [];
  lifecycle.push('store', () => closed.push('store'));
  lifecycle.push('hanging', () => new Promise(() => {}));
  assert.deepEqual(await lifecycle.close(), { failed: ['hanging'] });
  assert.deepEqual(closed, ['store']);
});

test('a part that opens while closing is closed at once', async () => {
  const lifecycle = new Lifecycle({ logger });
  await lifecycle.close();
  const { promise, resolve } = Promise.withResolvers<void>();
  lifecycle.push('late', resolve);
  await promise;
});

/** Runs a process with a lifecycle whose only closer is `closer`; `then` runs once it stands. */
async function run(
  closer: string,
  then: string,
  signals: NodeJS.Signals[],
): Promise<{ code: unknown; output: string }> {
  const source = `
    import { createLogger, Lifecycle } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
    const lifecycle = new Lifecycle({ logger: createLogger({ service: 'child', format: 'json' }) });
    lifecycle.push('part', ${closer});
    lifecycle.onSignals();
    setInterval(() => {}, 1000);
    process.stdout.write('standing\\n');
    ${then}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const isUp = /standing|closing"/.test(text);
    output += text;
    const signal = isUp ? signals.shift() : undefined;
    if (signal !== undefined) child.kill(signal);
  });
  const [code] = await once(child, 'close');
  return { code, output };
}

test('SIGTERM closes and exits with 0', async () => {
  const { code, output } = await run(`async () => { process.stdout.write('part is closed\\n'); }`, '', ['SIGTERM']);
  assert.equal(code, 0, output);
  assert.match(output, /part is closed/);
});

test('a second signal exits at once', async () => {
  const { code } = await run('() => new Promise(() => {})', '', ['SIGTERM', 'SIGINT']);
  assert.equal(code, 130);
});

test('an error nobody caught is logged and exits with 1', async () => {
  const rejected = await run('() => {}', `Promise.reject(new Error('lost'));`, []);
  assert.equal(rejected.code, 1);
  assert.match(rejected.output, /"level":"fatal".*"lost".*unhandled rejection/);
  const thrown = await run('() => {}', `setTimeout(() => { throw new Error('thrown'); });`, []);
  assert.equal(thrown.code, 1);
  assert.match(thrown.output, /"level":"fatal".*uncaught exception/);
});
