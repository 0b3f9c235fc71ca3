import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startEmbedded } from '../framework/embedded-target.ts';
import { type Example, type Page, readPage, writePage } from './console.ts';
import { Bindings, type BoundKind } from './shapes.ts';

/*
 * Runs the examples of a page of documentation, in order, against a store of its own, by the shell and the curl that
 * users have. The pages say `localhost:8080`; the store is elsewhere. A page that needs settings names them in a comment:
 * <!-- store: KV_OPERATION_RETENTION=1s -->
 */

export interface ExampleResult {
  readonly example: Example;
  /** What the page should say. */
  readonly now: Example;
  /** How it differs from what it says; undefined when it is true. */
  readonly difference: string | undefined;
}

const run = promisify(execFile);
const shownAddress = 'localhost:8080';
const commandWithinMs = 20_000;
// Every answer ends with these.
const leftOut = /^(?:Date: .*|Connection: keep-alive|Keep-Alive: .*)\n/gm;

/**
 * Runs all examples of a page.
 *
 * @throws Error when a command cannot be run or fails
 */
export async function runExamples(markdown: string): Promise<ExampleResult[]> {
  const settings = Object.fromEntries(
    [...markdown.matchAll(/<!-- store: (\w+)=(\S+) -->/g)].map(([, name, value]) => [name ?? '', value ?? '']),
  );
  const target = await startEmbedded(settings);
  const folder = await mkdtemp(join(tmpdir(), 'stratakv-docs-'));
  try {
    const bindings = new Bindings();
    const results: ExampleResult[] = [];
    for (const example of examplesOf(readPage(markdown))) {
      results.push(await runExample(example, bindings, { folder, address: new URL(target.url).host }));
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
    await target.close();
  }
}

/**
 * Runs the examples of a file and writes down what is answered now. Examples that are still true stay as they are.
 *
 * @returns how many were not
 */
export async function updateExamples(file: string): Promise<number> {
  const markdown = await readFile(file, 'utf8');
  const results = await runExamples(markdown);
  const changed = new Map(
    results.filter(({ difference }) => difference !== undefined).map((each) => [each.example.line, each.now]),
  );
  if (changed.size === 0) return 0;
  const page = readPage(markdown).map((part) => (typeof part === 'string' ? part : (changed.get(part.line) ?? part)));
  await writeFile(file, writePage(page));
  return changed.size;
}

export function examplesOf(page: Page): Example[] {
  return page.filter((part) => typeof part !== 'string');
}

async function runExample(
  example: Example,
  bindings: Bindings,
  { folder, address }: { readonly folder: string; readonly address: string },
): Promise<ExampleResult> {
  const command = fillIn(example.command, bindings);
  const actual = await answerOf(bindings.toActual(command).replaceAll(shownAddress, address), folder, address);
  let difference = bindings.bind(example.answer, actual);
  let { answer } = example;
  if (difference !== undefined) {
    answer = bindings.toWritten(actual);
    bindings.bind(answer, actual);
  }
  if (command !== example.command) difference ??= 'the command has a place to fill in';
  return { example, now: { ...example, command, answer }, difference };
}

/** While a page is written, `{{id}}` stands for the last id that was answered, `{{id-1}}` for the one before it. */
function fillIn(command: string, bindings: Bindings): string {
  return command.replace(/\{\{(id|version|cursor)(?:-(\d))?\}\}/g, (whole, kind: BoundKind, back = '0') => {
    return bindings.recent(kind, Number(back)) ?? whole;
  });
}

async function answerOf(command: string, folder: string, address: string): Promise<string> {
  // Neither the user's curlrc nor a proxy changes what is sent.
  const env = { PATH: process.env.PATH, HOME: folder, NO_PROXY: '*', LC_ALL: 'C' };
  try {
    const { stdout } = await run('sh', ['-c', command], { cwd: folder, env, timeout: commandWithinMs });
    return stdout.replaceAll('\r\n', '\n').replaceAll(address, shownAddress).replace(leftOut, '').trimEnd();
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: string };
    const advice = code === 127 ? ' The examples need curl: install it (Debian, Ubuntu: apt-get install curl).' : '';
    throw new Error(`exit ${String(code)} of: ${command}\n${stderr ?? ''}${advice}`, { cause });
  }
}
