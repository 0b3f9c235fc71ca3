import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { GeneratorMessage, Latency, Load, LoadResult } from './load-types.ts';
import { type EventLoopLag, readEventLoopLag } from './metrics.ts';
import { cpuMicrosOf, memoryOf, type ThreadUsage, threadsOf } from './process-usage.ts';
import type { Server } from './server.ts';

/** One load on one server: what the clients saw, and what it cost both sides. */
export interface Measurement {
  readonly answers: number;
  readonly allAnswers: number;
  readonly seconds: number;
  /** Answers a second. */
  readonly rate: number;
  readonly latency: Latency;
  /** CPU time of the server, all threads, microseconds an answer. */
  readonly serverMicros: number;
  /** The same by thread, those that did something. */
  readonly threads: readonly ThreadUsage[];
  /** CPU time of the generator, microseconds an answer. */
  readonly generatorMicros: number;
  /** Of the server, where it has metrics. */
  readonly lag: EventLoopLag | undefined;
  /** MiB of resident memory of the server when the load ended. */
  readonly rss: number;
}

const generatorFile = fileURLToPath(new URL('./generator.ts', import.meta.url));
const slackMs = 60_000;

/** The process that sends the requests. */
export class Generator {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<Generator> {
    const child = fork(generatorFile, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    return new Generator(child);
  }

  /**
   * Puts a load on a server.
   *
   * @throws Error when an answer was wrong, or the load did not end in time
   */
  async run(server: Server, load: Omit<Load, 'port'>): Promise<Measurement> {
    const { pid, port } = server;
    if (server.hasMetrics) await readEventLoopLag(port);
    const message: Load = { ...load, port };
    let before = { cpu: 0, threads: [] as ThreadUsage[] };
    const result = await this.send(message, () => {
      before = { cpu: cpuMicrosOf(pid), threads: threadsOf(pid) };
    });
    const cpu = cpuMicrosOf(pid) - before.cpu;
    const threads = threadsOf(pid);
    const lag = server.hasMetrics ? await readEventLoopLag(port) : undefined;
    return {
      ...result,
      rate: result.answers / result.seconds,
      serverMicros: cpu / result.answers,
      threads: perAnswer(threads, before.threads, result.answers),
      generatorMicros: result.generatorCpuMicros / result.answers,
      lag,
      rss: memoryOf(pid).rss,
    };
  }

  /**
   * Puts a load on a port.
   *
   * @param onMeasuring called when the warm-up is over
   * @throws Error when an answer was wrong, or the load did not end in time
   */
  async send(load: Load, onMeasuring: () => void = () => {}): Promise<LoadResult> {
    const { promise, resolve, reject } = Promise.withResolvers<LoadResult>();
    const listen = (message: GeneratorMessage) => {
      if (message.kind === 'measuring') onMeasuring();
      else if (message.kind === 'done') resolve(message.result);
      else if (message.kind === 'failed') reject(new Error(`${load.workload.kind}: ${message.detail}`));
    };
    const limitMs = (load.warmupSeconds + load.seconds) * 1000 + slackMs;
    const timer = setTimeout(() => reject(new Error(`${load.workload.kind}: not done in ${limitMs} ms`)), limitMs);
    const onExit = () => reject(new Error('the load generator ended'));
    this.#child.on('message', listen);
    this.#child.once('exit', onExit);
    try {
      this.#child.send(load);
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#child.off('message', listen);
      this.#child.off('exit', onExit);
    }
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }
}

function perAnswer(after: readonly ThreadUsage[], before: readonly ThreadUsage[], answers: number): ThreadUsage[] {
  return after
    .map(({ name, cpuMicros }) => {
      const earlier = before.find((thread) => thread.name === name)?.cpuMicros ?? 0;
      return { name, cpuMicros: (cpuMicros - earlier) / answers };
    })
    .filter(({ cpuMicros }) => cpuMicros >= 0.05);
}
