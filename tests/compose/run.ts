import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Cluster } from './cluster.ts';
import { Commands } from './command.ts';
import { buildCompose } from './compose-cli.ts';
import { openEngine } from './engine.ts';
import { findWeaknesses } from './hardening.ts';
import { checkNetworks, checkProcesses } from './isolation.ts';
import { Ledger } from './ledger.ts';
import { checkReturn, kinds } from './returns.ts';
import { RunLog } from './run-log.ts';
import { checkScale } from './scale.ts';
import { checkSettings } from './settings-change.ts';
import { TestImages } from './test-images.ts';

/* npm run test:compose: the cluster of docker-compose.yml, for real, on images made here. Needs root, Debian 12 and Go. */

const root = fileURLToPath(new URL('../..', import.meta.url));
const tools = join(root, '.tools', 'compose');

await mkdir(tools, { recursive: true });
const log = new RunLog(join(tools, 'last-run.log'));
const commands = new Commands(log);
let isInterrupted = false;
// What runs now fails, and the rest is taken down below.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    isInterrupted = true;
    commands.interrupt();
  });
}

await log.step('Packages: docker.io, debootstrap', installPackages);
const compose = await log.step('Docker Compose', () => buildCompose(tools, commands));
const engine = await log.step('Docker engine', () => openEngine(tools, commands));
log.note(`This is ${engine.about}.`);
const cluster = new Cluster({ engine, commands, compose, dataDir: join(tools, 'data'), port: await freePort() });
try {
  await test();
} catch (error) {
  await check('the run', () => Promise.reject(error));
} finally {
  await log.step('Taking it all down', async () => {
    await cluster.down(true).finally(() => engine.close());
    await rm(join(tools, 'data'), { recursive: true, force: true });
  });
}
log.summarize();
process.exitCode = log.failed === 0 ? 0 : 1;

async function test(): Promise<void> {
  await makeImages();
  await rm(join(tools, 'data'), { recursive: true, force: true });
  await log.step('Secrets', () => cluster.makeSecrets());
  for (const variant of ['cockroach', 'postgres'] as const) {
    await check(`the official files are valid and hardened, with ${variant}`, async () => {
      deepEqual(findWeaknesses(await cluster.configuration(variant, 'official')), []);
      return undefined;
    });
  }
  await log.step('docker compose build', () => cluster.build());
  // What an earlier run left behind.
  await cluster.down(true);
  await log.step('docker compose up --wait', () => cluster.up());

  const ledger = new Ledger(cluster.url);
  await check('a PUT and a GET through the published port', async () => {
    await ledger.write(20, 5_000);
    await ledger.check(5_000);
    return undefined;
  });
  await check('each container sees the networks it needs and no others', () => checkNetworks(cluster));
  await check('no process is root, none may gain privileges', () => checkProcesses(cluster));
  await check('the scenarios', runScenarios);
  for (const kind of kinds) {
    if (isInterrupted) throw new Error('interrupted');
    await check(`${kind}: killed, started again, and the store answers`, () => checkReturn(kind, cluster, ledger));
  }
  await check('--scale gateway=4 --scale consumer=4, and back', () => checkScale(cluster, ledger));
  await check('settings of the edge that change are taken over by `up`', () => checkSettings(cluster));
  const { restart } = engine;
  if (restart === undefined) log.note('        left out: a restart of the engine, which is not ours');
  else {
    await check('the engine restarts, as when the machine does: all comes back', async () => {
      await restart.call(engine);
      ledger.reconnect();
      await ledger.checkReady(180_000);
      await ledger.write(20, 60_000);
      await ledger.check(60_000);
      return undefined;
    });
  }
  await check('down, and ./start.sh docker: the data is there; status, stop', async () => {
    await cluster.down(false);
    match(await cluster.startScript('docker', '--detach'), /is ready at/);
    ledger.reconnect();
    await ledger.check(30_000);
    match(await cluster.startScript('status'), /gateway/);
    await cluster.startScript('stop');
    deepEqual(await cluster.containers(), []);
    return `${ledger.size} entries`;
  });
}

/** A check whose failure leaves in the log what the containers say about it. */
function check(what: string, work: () => Promise<string | undefined>): Promise<void> {
  return log.check(what, async () => {
    try {
      return await work();
    } catch (error) {
      if (!isInterrupted) await cluster.explain().catch(() => {});
      throw error;
    }
  });
}

async function installPackages(): Promise<void> {
  const missing: string[] = [];
  for (const [program, name] of [
    ['dockerd', 'docker.io'],
    ['debootstrap', 'debootstrap'],
  ] as const) {
    const found = await commands.run('sh', ['-c', `command -v ${program}`], { mayFail: true });
    if (found === '') missing.push(name);
  }
  if (missing.length === 0) return;
  await commands.run('sh', [join(root, 'native/src/install/install-packages.sh'), ...missing]);
}

async function makeImages(): Promise<void> {
  const images = new TestImages(join(tools, 'images'), engine, commands);
  await log.step('Image of Debian, by debootstrap', () => images.makeDebian());
  for (const name of ['nginx', 'redis', 'rabbitmq', 'postgres'] as const) {
    await log.step(`Image of ${name}`, () => images.makeServer(name));
  }
  await log.step('Image of Envoy', () => images.makeEnvoy());
  await log.step('Image of Node', () => images.makeNode());
}

/** The suite of tests/scenarios. What needs settings or a restart of its own names itself as left out. */
async function runScenarios(): Promise<string> {
  const files = (await readdir(join(root, 'tests/scenarios'))).filter((name) => name.endsWith('.test.ts'));
  const args = ['--test', '--test-reporter=spec', '--test-concurrency=2', '--test-timeout=120000'];
  const paths = files.map((name) => join('tests/scenarios', name));
  const env = { ...process.env, KV_TARGET_URL: cluster.url };
  const output = await commands.run(process.execPath, [...args, ...paths], { cwd: root, env, mayFail: true });
  for (const line of output.match(/^left out: .*$/gm) ?? []) log.note(`        ${line}`);
  const count = (what: string) => Number(new RegExp(`^ℹ ${what} (\\d+)$`, 'm').exec(output)?.[1] ?? 'NaN');
  const failures = output.split('failing tests:')[1]?.match(/^✖ .*$/gm) ?? [];
  equal(count('fail'), 0, failures.join('\n'));
  ok(count('pass') > 500, `only ${count('pass')} scenarios ran`);
  return `${count('pass')} passed`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  server.close();
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
