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
 * users have. The pages say `localhost:8080`; the store is elsewhere. A page that needs a setting names it in a comment:
 * <!-- store: KV_MAX_DATA_BYTES=4MiB -->
 */

export interface ExampleResult {
  readonly example: Example;
  /** The command as it was run, without its address, and what was answered. */
  readonly now: Example;
  /** How it differs from what it says; undefined when it is true. */
  readonly difference: string | undefined;
}

const run = promisify(execFile);
const shownAddress = 'localhost:8080';
const commandWithinMs = 20_000;
// Every answer ends with these.
const leftOut = /^(?:Date: .*|Connection: keep-alive|Keep-Alive: .*)\n/gm;

/** A file of documentation. */
export interface Document {
  readonly file: string;
  readonly markdown: string;
}

/**
 * Runs all examples of some pages, each with bindings of its own. Pages that need the same settings share a store.
 *
 * @returns the results of each page, in the order of the pages
 * @throws Error when a command cannot be run or fails
 */
export async function runExamples(documents: readonly Document[]): Promise<readonly ExampleResult[][]> {
  const results = new Map<Document, ExampleResult[]>();
  for (const [settings, pages] of Map.groupBy(documents, ({ markdown }) => settingsOf(markdown))) {
    const target = await startEmbedded(Object.fromEntries(settings.split(' ').map((each) => each.split('='))));
    const folder = await mkdtemp(join(tmpdir(), 'stratakv-docs-'));
    const where = { folder, address: new URL(target.url).host };
    try {
      for (const page of pages) results.set(page, await runPage(page, where));
    } finally {
      await rm(folder, { recursive: true, force: true });
      await target.close();
    }
  }
  return documents.map((document) => results.get(document) ?? []);
}

/**
 * Runs the examples of some files. A file of which any is no longer true gets all the answers of this run, a file of
 * which all are stays as it is.
 *
 * @returns the files that were changed
 */
export async function updateExamples(files: readonly string[]): Promise<string[]> {
  const documents = await readDocuments(files);
  const results = await runExamples(documents);
  const changed: string[] = [];
  for (const [index, { file, markdown }] of documents.entries()) {
    const ofPage = results[index] ?? [];
    if (ofPage.every(({ difference }) => difference === undefined)) continue;
    const now = new Map(ofPage.map((each) => [each.example.line, each.now]));
    const page = readPage(markdown).map((part) => (typeof part === 'string' ? part : (now.get(part.line) ?? part)));
    await writeFile(file, writePage(page));
    changed.push(file);
  }
  return changed;
}

export async function readDocuments(files: readonly string[]): Promise<Document[]> {
  return await Promise.all(files.map(async (file) => ({ file, markdown: await readFile(file, 'utf8') })));
}

interface Place {
  /** Where commands run. */
  readonly folder: string;
  /** Host and port of the store. */
  readonly address: string;
}

function settingsOf(markdown: string): string {
  return [...markdown.matchAll(/<!-- store: (\w+=\S+) -->/g)].map(([, setting]) => setting).join(' ');
}

async function runPage({ file, markdown }: Document, place: Place): Promise<ExampleResult[]> {
  const bindings = new Bindings();
  const results: ExampleResult[] = [];
  for (const example of examplesOf(readPage(markdown))) {
    try {
      results.push(await runExample(example, bindings, place));
    } catch (cause) {
      throw new Error(`${file}:${example.line}: ${(cause as Error).message}`, { cause });
    }
  }
  return results;
}

export function examplesOf(page: Page): Example[] {
  return page.filter((part) => typeof part !== 'string');
}

async function runExample(example: Example, bindings: Bindings, place: Place): Promise<ExampleResult> {
  const written = fillIn(example.command, bindings);
  const command = bindings.toActual(written);
  const answer = await answerOf(command, place);
  let difference = bindings.bind(example.answer, answer);
  // What comes later still means the ids of this one.
  if (difference !== undefined) bindings.rebind(example.answer, answer);
  if (written !== example.command) difference ??= 'the command has a place to fill in';
  return { example, now: { ...example, command, answer }, difference };
}

/** While a page is written, `{{id}}` stands for the last id that was answered, `{{id-1}}` for the one before it. */
function fillIn(command: string, bindings: Bindings): string {
  return command.replace(/\{\{(id|version|cursor)(?:-(\d))?\}\}/g, (whole, kind: BoundKind, back = '0') => {
    return bindings.recent(kind, Number(back)) ?? whole;
  });
}

async function answerOf(command: string, { folder, address }: Place): Promise<string> {
  // Neither the user's curlrc nor a proxy changes what is sent.
  const env = { PATH: process.env.PATH, HOME: folder, NO_PROXY: '*', LC_ALL: 'C' };
  try {
    const { stdout } = await run('sh', ['-c', command.replaceAll(shownAddress, address)], {
      cwd: folder,
      env,
      timeout: commandWithinMs,
    });
    return stdout.replaceAll('\r\n', '\n').replaceAll(address, shownAddress).replace(leftOut, '').trimEnd();
  } catch (cause) {
    const { code, stderr } = cause as { code?: unknown; stderr?: string };
    const advice = code === 127 ? ' The examples need curl: install it (Debian, Ubuntu: apt-get install curl).' : '';
    throw new Error(`exit ${String(code)} of: ${command}\n${stderr ?? ''}${advice}`, { cause });
  }
}
