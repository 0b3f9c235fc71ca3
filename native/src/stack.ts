import { join } from 'node:path';
import type { Environment } from '@stratakv/service-kit';
import type { NativeConfig } from './config.ts';
import { ManagedProcess } from './managed-process.ts';
import { planEdge } from './plan-edge.ts';
import { planServers } from './plan-servers.ts';
import { planServices } from './plan-services.ts';
import { PortBook } from './port-book.ts';
import { SecretFolder } from './secret-folder.ts';
import { SocketFolder } from './socket-folder.ts';
import type { StackProcess } from './stack-process.ts';
import { Supervisor, type SupervisorEvent } from './supervisor.ts';

/** A process of the stack with the one who keeps it running. */
export interface StackMember extends StackProcess {
  readonly supervisor: Supervisor;
}

export interface StackEvents {
  /** It is ready for the first time. */
  onStarted(member: StackMember, seconds: number): void;
  onEvent(member: StackMember, event: SupervisorEvent): void;
}

/** Every process of the native mode. Servers come first; the services need them; the edge is last, and stops first. */
export class Stack {
  /** Where clients come, such as `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly members: readonly StackMember[];
  readonly #events: StackEvents;
  readonly #stages: readonly (readonly StackMember[])[];
  #isStopping = false;

  private constructor(url: string, stages: readonly (readonly StackMember[])[], events: StackEvents) {
    this.url = url;
    this.#stages = stages;
    this.members = stages.flat();
    this.#events = events;
  }

  /**
   * Decides on ports, secrets and configurations. Starts nothing.
   *
   * @throws MissingProgram
   */
  static async plan(config: NativeConfig, env: Environment, events: StackEvents): Promise<Stack> {
    const { dataDir } = config;
    const ports = new PortBook(join(dataDir, 'run', 'ports.json'));
    const secrets = new SecretFolder(join(dataDir, 'secrets'));
    const sockets = new SocketFolder(join(dataDir, 'run', 'sockets'));
    const site = { config, env, ports, secrets, sockets, folderOf: (name: string) => join(dataDir, 'servers', name) };
    const servers = await planServers(site);
    const services = await planServices(site, servers.environment);
    const port = config.port === 0 ? await ports.portOf('nginx') : config.port;
    const gateways = services.filter(({ kind }) => kind === 'gateway');
    const edge = await planEdge(site, gateways, port);
    await ports.save();

    const member = (planned: StackProcess): StackMember => {
      const logFile = join(dataDir, 'logs', `${planned.spec.name}.log`);
      const supervisor = new Supervisor(new ManagedProcess(planned.spec, { logFile }), (event) =>
        events.onEvent(made, event),
      );
      const made = { ...planned, supervisor };
      return made;
    };
    const isNginx = ({ kind }: StackProcess) => kind === 'nginx';
    const stages = [servers.processes, services, edge.filter((each) => !isNginx(each)), edge.filter(isNginx)];
    return new Stack(
      urlOf(config.bind, port),
      stages.map((stage) => stage.map(member)),
      events,
    );
  }

  /** Starts all, stage by stage. @throws Error of the first that does not get ready; `stop` ends the others */
  async start(): Promise<void> {
    for (const stage of this.#stages) {
      if (this.#isStopping) return;
      await Promise.all(stage.map((member) => this.#startMember(member)));
    }
  }

  /** Stops all, stage by stage in reverse. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const stage of this.#stages.toReversed()) {
      await Promise.all(stage.map(({ supervisor }) => supervisor.stop()));
    }
  }

  /** Kills all at once, without waiting. */
  killNow(): void {
    for (const { supervisor } of this.members) supervisor.process.killNow();
  }

  async #startMember(member: StackMember): Promise<void> {
    const startedAt = performance.now();
    await member.supervisor.start();
    this.#events.onStarted(member, (performance.now() - startedAt) / 1000);
  }
}

const anyAddress: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

function urlOf(bind: string, port: number): string {
  const host = anyAddress[bind] ?? bind;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
