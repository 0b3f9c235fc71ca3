import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installServers } from '../../scripts/modes.mjs';
import { NativeStore } from './native-store.ts';

const answersWithinMs = 5000;

export interface LoadSession {
  /** Of a store; without it a native store is started, which ends with the work. */
  readonly url: string | undefined;
  readonly signal: AbortSignal;
  readonly tell: (line: string) => void;
}

/**
 * Works on a store that is ready.
 *
 * @throws Error when there is none; the message says why
 */
export async function withStore<Result>(session: LoadSession, work: (url: string) => Promise<Result>): Promise<Result> {
  const { url, signal, tell } = session;
  if (url !== undefined) {
    await checkReady(url);
    return work(url);
  }
  if ((await installServers(process.execPath)) !== 0)
    throw new Error('A store of its own needs these programs. With --url it takes one that runs.');
  signal.throwIfAborted();
  tell('No --url: starting a native store, which ends with this run…');
  const dataDir = await mkdtemp(join(tmpdir(), 'stratakv-load-'));
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {});
  signal.addEventListener('abort', () => aborted.reject(signal.reason));
  try {
    const store = await NativeStore.launch(dataDir);
    try {
      await Promise.race([store.ready(), aborted.promise]);
      return await work(store.url);
    } finally {
      await store.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** @throws Error when nothing answers there, or what answers cannot read and write */
async function checkReady(url: string): Promise<void> {
  const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answersWithinMs) }).catch((error) => {
    throw new Error(`Nothing answers at ${url}: ${reasonOf(error)}`);
  });
  await answer.body?.cancel();
  if (answer.status !== 200) throw new Error(`The store at ${url} is not ready: /readyz answers ${answer.status}.`);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}

/** Runs a command's work until it ends or is interrupted. Resolves to an exit code; what went wrong was told. */
export async function runLoadCommand(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const cut = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => cut.abort(new Error(`Ended early by ${name}.`)));
  try {
    return await work(cut.signal);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}
