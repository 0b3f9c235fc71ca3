import { setTimeout as sleep } from 'node:timers/promises';

/** A frame of a CPU profile, as V8 gives it (Chrome DevTools Protocol, domain Profiler). */
export interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds. */
  readonly startTime: number;
  readonly endTime: number;
  /** Ids of nodes, one a sample. */
  readonly samples: readonly number[];
  /** Microseconds from one sample to the next. */
  readonly timeDeltas: readonly number[];
}

/** Where Node listens when a running process is asked to be inspected. */
const inspectorUrl = 'http://127.0.0.1:9229/json';
const openWithinMs = 5_000;
const samplingMicros = 500;

/**
 * Profiles a running Node process, which need not have been started for it: SIGUSR1 opens its inspector.
 *
 * @throws Error when another process has the inspector's port, or the process does not open its own
 */
export async function profileProcess(pid: number, seconds: number): Promise<CpuProfile> {
  if ((await targetUrl()) !== undefined) throw new Error('Another process is being inspected on port 9229.');
  process.kill(pid, 'SIGUSR1');
  const socket = new WebSocket(await untilOpen());
  const opened = Promise.withResolvers<void>();
  socket.addEventListener('open', () => opened.resolve());
  socket.addEventListener('error', () => opened.reject(new Error('The inspector cannot be reached.')));
  await opened.promise;
  const session = new Session(socket);
  try {
    await session.call('Profiler.enable');
    await session.call('Profiler.setSamplingInterval', { interval: samplingMicros });
    await session.call('Profiler.start');
    await sleep(seconds * 1000);
    const { profile } = await session.call('Profiler.stop');
    return profile as CpuProfile;
  } finally {
    // Otherwise the next process that is to be inspected finds the port taken.
    const expression = "process.getBuiltinModule('inspector').close()";
    await session.call('Runtime.evaluate', { expression }).catch(() => {});
    socket.close();
  }
}

async function untilOpen(): Promise<string> {
  for (const deadline = performance.now() + openWithinMs; ; await sleep(50)) {
    const url = await targetUrl();
    if (url !== undefined) return url;
    if (performance.now() > deadline) throw new Error('The process did not open its inspector.');
  }
}

async function targetUrl(): Promise<string | undefined> {
  try {
    const targets = (await (await fetch(inspectorUrl)).json()) as { webSocketDebuggerUrl?: string }[];
    return targets[0]?.webSocketDebuggerUrl;
  } catch {
    return undefined;
  }
}

interface Reply {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

/** Calls of the Chrome DevTools Protocol, each with its answer. */
class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Readonly<Record<string, unknown>>>>();
  #last = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data)) as Reply));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('The inspector was closed.'));
    });
  }

  call(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    this.#last += 1;
    const answer = Promise.withResolvers<Readonly<Record<string, unknown>>>();
    this.#waiting.set(this.#last, answer);
    this.#socket.send(JSON.stringify({ id: this.#last, method, params }));
    return answer.promise;
  }

  #take({ id, result, error }: Reply): void {
    const answer = this.#waiting.get(id ?? 0);
    if (answer === undefined) return;
    this.#waiting.delete(id ?? 0);
    if (error === undefined) answer.resolve(result ?? {});
    else answer.reject(new Error(error.message));
  }
}
