import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { ROOT, runMain } from './bootstrap.mjs';
import { run } from './child-process.mjs';
import { runDeadLetters } from './dead-letters.mjs';
import { runDocker, showDocker, showDockerLogs, stopDocker } from './docker-store.mjs';
import { PROCESS_MODES } from './modes.mjs';
import { ask } from './readiness.mjs';
import { findRunning, logFileOf, loggedServices, modeOf, stopStore } from './running-store.mjs';
import { readSettings } from './settings.mjs';
import { runStore } from './store-process.mjs';

const USAGE = `Usage: ./start.sh [MODE] [--detach]     start the store (in the background with --detach)
       ./start.sh stop                 stop it
       ./start.sh status               say whether it runs and where
       ./start.sh logs [SERVICE] [-f]  show its log, or that of one service (-f: keep showing)
       ./start.sh dead-letters list    show messages that could not be applied; also: replay or
                                       discard, with their names or all

MODE is one of:
  embedded  everything in one process; needs nothing but Node.js. The default
  native    every layer as a process of this machine: Nginx, Envoy, RabbitMQ, Redis, PostgreSQL;
            installs what is missing, or says how
  docker    the cluster of docker-compose.yml; needs Docker with Compose

Settings come from the environment or from a file .env next to start.sh:
  KV_PORT      the port                        8080
  KV_BIND      the address to listen on        127.0.0.1
  KV_DATA_DIR  the folder for the data, seen   ./data
               from the folder of start.sh
All others are in docs/configuration.md.`;

const COMMANDS = { embedded: start, native: start, docker: start, stop, status, logs, 'dead-letters': deadLetters };
const OPTIONS = { embedded: ['--detach'], native: ['--detach'], docker: ['--detach'], logs: ['-f', '--follow'] };
/** Of the words after a command, those it does not take. */
const TAKES_WORDS = { logs: (words) => words.slice(1), 'dead-letters': () => [] };
const OTHER_MODES = {
  embedded: './start.sh native (every layer as a local process), ./start.sh docker (a cluster in containers)',
  native: './start.sh embedded (one process), ./start.sh docker (a cluster in containers)',
  docker: './start.sh embedded (one process), ./start.sh native (every layer as a local process)',
};

function parseArguments(args) {
  const words = args.filter((arg) => !arg.startsWith('-'));
  const options = args.filter((arg) => arg.startsWith('-'));
  const [command = 'embedded', ...rest] = words;
  if (options.includes('--help') || options.includes('-h')) return { command: 'help' };
  if (!Object.hasOwn(COMMANDS, command)) return { wrong: `Unknown word: ${command}` };
  const unknown = options.find((option) => !OPTIONS[command]?.includes(option));
  const wrong = unknown ?? (TAKES_WORDS[command]?.(rest) ?? rest)[0];
  return wrong === undefined ? { command, rest, options } : { wrong: `Unknown word after ${command}: ${wrong}` };
}

async function start({ command: mode, options }) {
  const settings = readSettings();
  const running = findRunning(settings.dataDir);
  if (running) {
    console.error(
      `The store already runs at ${running.origin} (${running.mode} mode, process ${running.pid}). Stop it with: ./start.sh stop`,
    );
    return 1;
  }
  if (Number(settings.port) === 0) {
    console.error('KV_PORT=0 (any free port) does not work with ./start.sh. Name a port, for example KV_PORT=8081.');
    return 2;
  }
  const detach = options.includes('--detach');
  const onReady = () => console.log(welcome(mode, settings, detach));
  const code = await (mode === 'docker'
    ? runDocker(settings, detach, onReady)
    : runStore(mode, settings, detach, onReady));
  if (code === 0 && !detach) console.log('Stopped.');
  return code;
}

function welcome(mode, { origin, dataDir }, detach) {
  const hasLog = detach || mode !== 'embedded';
  const log = hasLog ? '\nThe log:      ./start.sh logs' : '';
  const place = mode === 'docker' ? 'data in volumes' : `data in ${shown(dataDir)}`;
  return `
StrataKV is ready at ${origin} (${mode} mode, ${place})

Try it:
  curl -X PUT ${origin}/kv/cities/lisbon --data-binary Lisboa
  curl ${origin}/kv/cities/lisbon
  curl -X DELETE ${origin}/kv/cities/lisbon

Other modes:  ${OTHER_MODES[mode]}
Stop it:      ${detach ? './start.sh stop' : 'Ctrl-C, or ./start.sh stop in another terminal'}${log}
`;
}

function deadLetters({ rest }) {
  return runDeadLetters(rest, readSettings());
}

async function stop() {
  const settings = readSettings();
  const store = findRunning(settings.dataDir);
  if (!store) {
    if (modeOf(settings.dataDir) === 'docker') return stopDocker(settings);
    console.log(`No store runs on ${shown(settings.dataDir)}.`);
    return 0;
  }
  const { stopSeconds } = PROCESS_MODES[store.mode];
  if (await stopStore(settings.dataDir, store, stopSeconds)) {
    console.log('Stopped.');
    return 0;
  }
  console.error(`The store (process ${store.pid}) was asked to stop and still runs after ${stopSeconds} s.`);
  console.error(`You can end it with "kill -9 ${store.pid}": what it has acknowledged is on the disk.`);
  return 1;
}

async function status() {
  const settings = readSettings();
  const { dataDir } = settings;
  const store = findRunning(dataDir);
  if (!store && modeOf(dataDir) === 'docker') {
    const code = await showDocker(settings);
    return code === 0 ? showReadiness(settings.origin) : code;
  }
  if (!store) {
    console.log(`Not running (on ${shown(dataDir)}).`);
    return 3;
  }
  console.log(`Running at ${store.origin} (${store.mode} mode, process ${store.pid}, data in ${shown(dataDir)})`);
  for (const { name, pid = 'down', port, restarts } of store.processes ?? []) {
    const note = restarts === 0 ? '' : `  started again ${restarts} times`;
    console.log(`  ${name.padEnd(16)} process ${String(pid).padEnd(8)} port ${port}${note}`);
  }
  return showReadiness(store.origin);
}

async function showReadiness(origin) {
  const answer = await ask('GET', `${origin}/readyz`).catch((error) => ({ body: error.message }));
  console.log(`/readyz: ${answer.status ?? 'no answer:'} ${answer.body.trim()}`);
  return answer.status === 200 ? 0 : 1;
}

async function logs({ rest: [service], options }) {
  const settings = readSettings();
  const { dataDir } = settings;
  const follow = options.length > 0;
  const mode = modeOf(dataDir);
  if (mode === 'docker') return showDockerLogs(settings, service, follow);
  const services = loggedServices(dataDir);
  if (service !== undefined && !services.includes(service) && service !== mode) {
    const known = services.length === 0 ? 'none has a log yet' : services.join(', ');
    console.error(`There is no service ${service}. Services: ${known}.`);
    return 2;
  }
  const files = (service === undefined ? services : [service]).map((name) => logFileOf(dataDir, name));
  if (!files.some((file) => existsSync(file))) {
    console.error('There is no log file. A store in the foreground writes its log to its terminal.');
    return 1;
  }
  const lines = files.length === 1 ? '100' : '20';
  const { code, interrupted } = await run('tail', ['-n', lines, ...(follow ? ['-F'] : []), ...files]);
  return interrupted ? 0 : code;
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
