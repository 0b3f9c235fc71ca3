import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { ROOT, runMain } from './bootstrap.mjs';
import { run } from './child-process.mjs';
import { runEmbedded } from './embedded-store.mjs';
import { ask } from './readiness.mjs';
import { findRunning, logFileOf, stopStore } from './running-store.mjs';
import { readSettings } from './settings.mjs';

const USAGE = `Usage: ./start.sh [embedded] [--detach]   start the store (in the background with --detach)
       ./start.sh stop                  stop it
       ./start.sh status                say whether it runs and where
       ./start.sh logs [embedded] [-f]  show the log of a store in the background (-f: keep showing)

Settings come from the environment or from a file .env next to start.sh:
  KV_PORT      the port                        8080
  KV_BIND      the address to listen on        127.0.0.1
  KV_DATA_DIR  the folder for the data, seen   ./data
               from the folder of start.sh

The modes native and docker are not part of this version yet.`;

const COMMANDS = { embedded: start, native: notYet, docker: notYet, stop, status, logs };
const STOP_WITHIN_SECONDS = 15;

function parseArguments(args) {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const options = args.filter((arg) => arg.startsWith('-'));
  const [command = 'embedded', ...rest] = words;
  if (options.includes('--help') || options.includes('-h')) return { command: 'help' };
  if (!Object.hasOwn(COMMANDS, command)) return { wrong: `Unknown word: ${command}` };
  const known = { embedded: ['--detach'], native: ['--detach'], docker: ['--detach'], logs: ['-f', '--follow'] }[
    command
  ];
  const wrong = options.find((option) => !known?.includes(option)) ?? (command === 'logs' ? rest.slice(1) : rest)[0];
  return wrong === undefined ? { command, rest, options } : { wrong: `Unknown word after ${command}: ${wrong}` };
}

async function start({ options }) {
  const settings = readSettings();
  const running = findRunning(settings.dataDir);
  if (running) {
    console.error(
      `The store already runs at ${running.origin} (process ${running.pid}). Stop it with: ./start.sh stop`,
    );
    return 1;
  }
  if (Number(settings.port) === 0) {
    console.error('KV_PORT=0 (any free port) does not work with ./start.sh. Name a port, for example KV_PORT=8081.');
    return 2;
  }
  const detach = options.includes('--detach');
  const code = await runEmbedded(settings, detach, () => console.log(welcome(settings, detach)));
  if (code === 0 && !detach) console.log('Stopped.');
  return code;
}

function welcome({ origin, dataDir }, detach) {
  const log = detach ? '\nThe log:      ./start.sh logs' : '';
  return `
StrataKV is ready at ${origin} (embedded mode, data in ${shown(dataDir)})

Try it:
  curl -X PUT ${origin}/kv/cities/lisbon --data-binary Lisboa
  curl ${origin}/kv/cities/lisbon
  curl -X DELETE ${origin}/kv/cities/lisbon

Other modes:  ./start.sh native and ./start.sh docker come with a later version
Stop it:      ${detach ? './start.sh stop' : 'Ctrl-C, or ./start.sh stop in another terminal'}${log}
`;
}

async function stop() {
  const { dataDir } = readSettings();
  const store = findRunning(dataDir);
  if (!store) {
    console.log(`No store runs on ${shown(dataDir)}.`);
    return 0;
  }
  if (await stopStore(dataDir, store, STOP_WITHIN_SECONDS)) {
    console.log('Stopped.');
    return 0;
  }
  console.error(`The store (process ${store.pid}) was asked to stop and still runs after ${STOP_WITHIN_SECONDS} s.`);
  console.error(`You can end it with "kill -9 ${store.pid}": what it has acknowledged is on the disk.`);
  return 1;
}

async function status() {
  const { dataDir } = readSettings();
  const store = findRunning(dataDir);
  if (!store) {
    console.log(`Not running (on ${shown(dataDir)}).`);
    return 3;
  }
  console.log(`Running at ${store.origin} (embedded mode, process ${store.pid}, data in ${shown(dataDir)})`);
  const answer = await ask('GET', `${store.origin}/readyz`).catch((error) => ({ body: error.message }));
  console.log(`/readyz: ${answer.status ?? 'no answer:'} ${answer.body.trim()}`);
  return answer.status === 200 ? 0 : 1;
}

async function logs({ rest: [service = 'embedded'], options }) {
  if (service !== 'embedded') {
    console.error(`There is no service ${service}. In this version all is one service: embedded.`);
    return 2;
  }
  const file = logFileOf(readSettings().dataDir);
  if (!existsSync(file)) {
    console.error('There is no log file. A store in the foreground writes its log to its terminal.');
    return 1;
  }
  const { code, interrupted } = await run('tail', ['-n', '100', ...(options.length > 0 ? ['-f'] : []), file]);
  return interrupted ? 0 : code;
}

async function notYet({ command }) {
  console.error(`The ${command} mode is not part of this version yet. Use: ./start.sh embedded`);
  return 2;
}

function shown(folder) {
  const path = relative(ROOT, folder);
  return path.startsWith('..') ? folder : `./${path}`;
}

await runMain(async () => {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed.command === 'help') {
    console.log(USAGE);
    return 0;
  }
  if (parsed.wrong !== undefined) {
    console.error(`${parsed.wrong}\n\n${USAGE}`);
    return 2;
  }
  return COMMANDS[parsed.command](parsed);
});
