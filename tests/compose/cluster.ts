import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { eventually } from '../framework/eventually.ts';
import type { Commands } from './command.ts';
import type { Engine } from './engine.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const project = 'stratakv-test';
const testEnv = join(root, 'tests/compose/test.env');

export interface Container {
  readonly id: string;
  readonly service: string;
}

export interface ContainerState {
  readonly isRunning: boolean;
  readonly isHealthy: boolean;
  /** How often the restart policy has brought it back. */
  readonly restarts: number;
}

export interface ClusterOptions {
  readonly engine: Engine;
  readonly commands: Commands;
  /** The program docker-compose. */
  readonly compose: string;
  /** Holds the secrets. */
  readonly dataDir: string;
  /** The only port that is published, on 127.0.0.1. */
  readonly port: number;
}

/** docker-compose.yml with PostgreSQL, on the images of test.env. */
export class Cluster {
  readonly url: string;
  readonly #options: ClusterOptions;
  readonly #env: NodeJS.ProcessEnv;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.url = `http://127.0.0.1:${options.port}`;
    // No setting of whoever runs this counts: neither the environment's nor that of a file .env.
    const own = Object.entries(options.engine.env).filter(([name]) => !/^(KV|LOG|COMPOSE)_/.test(name));
    const settings = { KV_DATA_DIR: options.dataDir, KV_PORT: String(options.port), KV_ENV_FILE: '/dev/null' };
    this.#env = { ...Object.fromEntries(own), ...settings };
  }

  async makeSecrets(): Promise<void> {
    await this.#options.commands.run('node', ['scripts/docker-secrets.mjs'], { cwd: root, env: this.#env });
  }

  async build(): Promise<void> {
    await this.#compose(['build', 'gateway', 'storage-node', 'consumer']);
  }

  /** Returns when every container is healthy. */
  async up(replicas: Readonly<Record<string, number>> = {}, settings: NodeJS.ProcessEnv = {}): Promise<void> {
    const scale = Object.entries(replicas).flatMap(([service, count]) => ['--scale', `${service}=${count}`]);
    const args = ['up', '--wait', '--wait-timeout', '400', '--no-build', '--pull', 'never', ...scale];
    await this.#compose(args, settings);
  }

  /** @param volumes whether the data goes too */
  async down(volumes: boolean): Promise<void> {
    await this.#compose(['down', '--timeout', '30', '--remove-orphans', ...(volumes ? ['--volumes'] : [])]);
  }

  /** What `docker compose config` makes of the files, for the variant with CockroachDB or with PostgreSQL. */
  async configuration(variant: 'cockroach' | 'postgres', images: 'official' | 'test'): Promise<unknown> {
    const args = [...this.#files(variant, images), 'config', '--format', 'json'];
    return JSON.parse(await this.#options.commands.run(this.#options.compose, args, { cwd: root, env: this.#env }));
  }

  /** Those that run, in no order. */
  async containers(service?: string): Promise<readonly Container[]> {
    const filters = [`label=com.docker.compose.project=${project}`, 'status=running'];
    if (service !== undefined) filters.push(`label=com.docker.compose.service=${service}`);
    const format = '{{.ID}} {{.Label "com.docker.compose.service"}}';
    const output = await this.#docker('ps', '--format', format, ...filters.flatMap((filter) => ['--filter', filter]));
    const lines = output.split('\n').filter((line) => line !== '');
    return lines.map((line) => {
      const [id = '', name = ''] = line.split(' ');
      return { id, service: name };
    });
  }

  async inspect(container: Container): Promise<ContainerState> {
    const format = '{{.State.Running}} {{.State.Health.Status}} {{.RestartCount}}';
    const output = await this.#docker('inspect', '--format', format, container.id);
    const [running, health, restarts] = output.trim().split(' ');
    return { isRunning: running === 'true', isHealthy: health === 'healthy', restarts: Number(restarts) };
  }

  /** Resolves to what the command wrote to stdout; a command that fails is no error. */
  exec(container: Container, ...command: readonly string[]): Promise<string> {
    return this.#options.commands.run('docker', ['exec', container.id, ...command], {
      env: this.#env,
      mayFail: true,
      withinMs: 60_000,
    });
  }

  /** What the container's process has written to stdout. */
  output(container: Container): Promise<string> {
    return this.#docker('logs', container.id);
  }

  /**
   * Ends the first process of a container with SIGKILL, from inside: `docker kill` would count as the wish of a person, and
   * Docker then leaves the container alone.
   */
  async kill(container: Container): Promise<void> {
    // Children of the init that Docker puts in front. The shell is not one of them: its parent is outside.
    await this.exec(container, 'sh', '-c', 'kill -9 $(cat /proc/1/task/1/children)');
  }

  /** Resolves when Docker has started a container more often than `restarts`, and it is healthy. */
  async awaitReturn(container: Container, restarts: number, withinMs: number): Promise<void> {
    await eventually(
      async () => {
        const now = await this.inspect(container);
        if (now.restarts <= restarts) throw new Error('it was not started again');
        if (!now.isRunning || !now.isHealthy) throw new Error('it was started again, and is not healthy');
      },
      withinMs,
      500,
    );
  }

  /** Runs start.sh of the repository's folder on this cluster. Resolves to what it wrote. */
  async startScript(...args: readonly string[]): Promise<string> {
    const { commands, compose, dataDir } = this.#options;
    // The client finds Compose as a plugin in the folder of its configuration.
    const config = join(dataDir, 'client');
    await mkdir(join(config, 'cli-plugins'), { recursive: true });
    await rm(join(config, 'cli-plugins', 'docker-compose'), { force: true });
    await symlink(compose, join(config, 'cli-plugins', 'docker-compose'));
    const images = parseEnv(await readFile(testEnv, 'utf8'));
    const files = { COMPOSE_FILE: 'docker-compose.yml:docker-compose.postgres.yml', COMPOSE_PROJECT_NAME: project };
    const env = { ...this.#env, ...images, ...files, DOCKER_CONFIG: config };
    return commands.run('./start.sh', args, { cwd: root, env });
  }

  /** Puts what the containers logged, and what the health checks of those that are not healthy said, into the log. */
  async explain(): Promise<void> {
    await this.#compose(['logs', '--no-color', '--timestamps', '--tail', '1000']);
    for (const container of await this.containers()) {
      if ((await this.inspect(container)).isHealthy) continue;
      await this.#docker('inspect', '--format', '{{json .State.Health}}', container.id);
    }
  }

  #compose(args: readonly string[], settings: NodeJS.ProcessEnv = {}): Promise<string> {
    const { compose, commands } = this.#options;
    const all = ['--ansi', 'never', '--progress', 'plain', ...this.#files('postgres', 'test'), ...args];
    return commands.run(compose, all, { cwd: root, env: { ...this.#env, ...settings }, withinMs: 900_000 });
  }

  #files(variant: 'cockroach' | 'postgres', images: 'official' | 'test'): readonly string[] {
    const files = ['docker-compose.yml', ...(variant === 'postgres' ? ['docker-compose.postgres.yml'] : [])];
    const variables = images === 'test' ? testEnv : '/dev/null';
    return ['--project-name', project, '--env-file', variables, ...files.flatMap((file) => ['--file', file])];
  }

  #docker(...args: readonly string[]): Promise<string> {
    return this.#options.commands.run('docker', args, { env: this.#env });
  }
}
