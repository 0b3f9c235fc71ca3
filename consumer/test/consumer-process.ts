import { join } from 'node:path';
import { ManagedProcess, type ProcessSpec } from '@stratakv/native';

export interface ConsumerProcessOptions {
  readonly name: string;
  readonly port: number;
  /** Settings beyond name, port and log level. */
  readonly env: Readonly<Record<string, string>>;
  readonly logFolder: string;
}

interface Readiness {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>;
}

const root = join(import.meta.dirname, '../..');

/** A consumer as a process of its own, looked at from outside. */
export class ConsumerProcess {
  readonly name: string;
  readonly process: ManagedProcess;
  readonly #url: string;
  #latest: Readiness | undefined;

  constructor({ name, port, env, logFolder }: ConsumerProcessOptions) {
    this.name = name;
    this.#url = `http://127.0.0.1:${port}`;
    const spec: ProcessSpec = {
      name,
      command: process.execPath,
      args: [join(root, 'consumer/src/main.ts')],
      cwd: root,
      env: { ...env, KV_CONSUMER_NAME: name, KV_CONSUMER_PORT: `${port}`, KV_LOG_LEVEL: 'warn' },
      isReady: () =>
        this.readiness().then(
          ({ status }) => status !== 'not-ready',
          () => false,
        ),
    };
    this.process = new ManagedProcess(spec, { logFile: join(logFolder, `${name}.log`) });
  }

  /** @throws Error that names what is missing when it does not get ready */
  async start(): Promise<void> {
    await this.process.start().catch((cause: unknown) => {
      throw new Error(`${this.name} did not start: ${JSON.stringify(this.#latest)}`, { cause });
    });
  }

  async readiness(): Promise<Readiness> {
    const answer = await fetch(`${this.#url}/readyz`);
    this.#latest = (await answer.json()) as Readiness;
    return this.#latest;
  }

  /** The sum of a metric over its series. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    const series = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }
}
