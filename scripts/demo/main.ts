import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../native/src/free-port.ts';
import { type Example, type Page, readPage, writePage } from '../../tests/docs/console.ts';
import { Bindings, type BoundKind } from '../../tests/docs/shapes.ts';
import { claimsOf } from '../../tests/docs/tour-page.ts';
import { ShellSession } from './shell-session.ts';

// Usage: npm run demo
// Runs the commands of tour.md in order, in one shell, and writes docs/demo.md with what they answered. The commands start
// a native store, break parts of it and stop it; it has a data folder and a port of its own. When an answer does not show
// what the tour says it does, nothing is written.

const root = fileURLToPath(new URL('../..', import.meta.url));
const tourFile = fileURLToPath(new URL('tour.md', import.meta.url));
const pageFile = join(root, 'docs', 'demo.md');
const commandWithinMs = 150_000;
/** As the pages say them: where the store is, and where its data. */
const shown = { port: '8080', folder: './data' };
/** Every answer has these. */
const leftOut = /^(?:Date: .*|date: .*|Connection: keep-alive|Keep-Alive: .*)\n/gm;

const dataDir = await mkdtemp(join(tmpdir(), 'stratakv-demo-'));
const port = String(await freePort());
const { PATH } = process.env;
const shell = new ShellSession({
  folder: root,
  // Nobody's settings, curlrc or proxy change what is shown.
  env: {
    PATH,
    HOME: dataDir,
    LC_ALL: 'C',
    NO_PROXY: '*',
    KV_DATA_DIR: dataDir,
    KV_PORT: port,
    KV_ENV_FILE: '/dev/null',
  },
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => shell.close());

try {
  const page = await runTour(readPage(await readFile(tourFile, 'utf8')));
  const broken = claimsOf(page).filter(({ text, answers }) => !answers.includes(text));
  for (const { text, line, answers } of broken) console.error(`tour.md:${line} does not show: ${text}\n${answers}\n`);
  if (broken.length > 0) process.exitCode = 1;
  else await writeFile(pageFile, writePage(page));
} finally {
  shell.close();
  await stopStore();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
}

async function runTour(tour: Page): Promise<Page> {
  const bindings = new Bindings();
  const page: (string | Example)[] = [];
  for (const part of tour) page.push(typeof part === 'string' ? part : await answered(part, bindings));
  return page;
}

async function answered(example: Example, bindings: Bindings): Promise<Example> {
  const command = example.command.replace(/\{\{(id|version)(?:-(\d))?\}\}/g, (whole, kind: BoundKind, back = '0') => {
    return bindings.recent(kind, Number(back)) ?? whole;
  });
  console.log(`$ ${command}`);
  const real = command.replaceAll(`localhost:${shown.port}`, `127.0.0.1:${port}`).replaceAll(' data/', ` ${dataDir}/`);
  const { out, errors, code } = await shell.run(real, commandWithinMs);
  if (code !== 0) throw new Error(`tour.md:${example.line} ended with ${code}: ${command}\n${out}${errors}`);
  const answer = asShown(out);
  if (answer !== '') console.log(answer);
  bindings.rebind('', answer);
  return { ...example, command, answer };
}

/** Without what says where this was run. */
function asShown(output: string): string {
  return output
    .replaceAll('\r\n', '\n')
    .replaceAll(dataDir, shown.folder)
    .replaceAll(new RegExp(`\\b${port}\\b`, 'g'), shown.port)
    .replaceAll(root, './')
    .replace(leftOut, '')
    .trimEnd();
}

/** The tour stops it itself, unless it was cut off. */
async function stopStore(): Promise<void> {
  const env = { PATH, HOME: dataDir, KV_DATA_DIR: dataDir, KV_PORT: port };
  const last = new ShellSession({ folder: root, env });
  await last.run('./start.sh stop', commandWithinMs);
  last.close();
}
