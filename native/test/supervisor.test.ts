import { deepEqual, equal, ok } from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ManagedProcess } from '../src/managed-process.ts';
import type { ProcessSpec } from '../src/process-spec.ts';
import { Supervisor, type SupervisorEvent } from '../src/supervisor.ts';

const folder = await mkdtemp(join(tmpdir(), 'stratakv-supervisor-'));
after(() => rm(folder, { recursive: true, force: true }));

/** A shell script under supervision, and what its supervisor told. */
function supervised(name: string, script: string, changes: Partial<ProcessSpec> = {}) {
  const events: SupervisorEvent[] = [];
  const spec = { name, command: '/bin/sh', args: ['-c', script], isReady: async () => true, ...changes };
  const managed = new ManagedProcess(spec, { logFile: join(folder, `${name}.log`) });
  const supervisor = new Supervisor(managed, (event) => events.push(event));
  after(() => supervisor.stop());
  return { supervisor, events };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !isTrue(); await sleep(10)) ok(Date.now() < deadline, `${isTrue}`);
}

test('who dies again and again is started after longer and longer pauses', async () => {
  const { supervisor, events } = supervised('mortal', 'sleep 0.3; exit 7');
  await supervisor.start();
  await until(() => events.filter(({ kind }) => kind === 'died').length >= 4);
  await supervisor.stop();
  const deaths = events.filter((event) => event.kind === 'died');
  deepEqual(
    deaths.slice(0, 4).map(({ pauseMs }) => pauseMs),
    [100, 200, 400, 800],
  );
  deepEqual(deaths[0]?.exit, { code: 7, signal: null });
  equal(supervisor.restarts, 3);
});

test('one that was told to stop stays away', async () => {
  const { supervisor, events } = supervised('told', 'exec sleep 60');
  await supervisor.start();
  await supervisor.stop();
  await sleep(300);
  equal(supervisor.process.isRunning, false);
  deepEqual(events, []);
});

test('a preparation that fails is told, and tried again', async () => {
  let failures = 2;
  let isFirst = true;
  const prepare = async () => {
    if (isFirst) isFirst = false;
    else if (failures-- > 0) throw new Error('no room');
  };
  const { supervisor, events } = supervised('unprepared', 'exec sleep 60', { prepare });
  await supervisor.start();
  await supervisor.process.kill();
  await until(() => events.some(({ kind }) => kind === 'ready-again'));
  const failed = events.filter((event) => event.kind === 'not-started');
  deepEqual(
    failed.map(({ error }) => (error instanceof Error ? error.message : error)),
    ['no room', 'no room'],
  );
});

test('one that runs and takes long to get ready is waited for, not killed', async () => {
  const file = join(folder, 'is-ready');
  await writeFile(file, 'yes');
  const isReady = async () => (await readFile(file, 'utf8')) === 'yes';
  const { supervisor, events } = supervised('slow', 'exec sleep 60', { isReady, readyWithinMs: 300 });
  await supervisor.start();
  await writeFile(file, 'no');
  await supervisor.process.kill();
  await until(() => events.some(({ kind }) => kind === 'not-ready-yet'));
  const { pid } = supervisor.process;
  await writeFile(file, 'yes');
  await until(() => events.some(({ kind }) => kind === 'ready-again'));
  equal(supervisor.process.pid, pid);
});
