import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { ManagedProcess } from '../managed-process.ts';
import { epmdSpec, type RabbitMqOptions, rabbitMqSpec, rabbitMqUrl } from '../servers/rabbitmq.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface TestRabbitMq {
  /** One AMQP URL a node, separated by commas, with the password. */
  readonly url: string;
  readonly nodes: readonly ManagedProcess[];
  close(): Promise<void>;
}

/** Starts a RabbitMQ node for tests, or a cluster of them. */
export async function startRabbitMq({ nodes = 1 }: { readonly nodes?: number } = {}): Promise<TestRabbitMq> {
  const folder = new TemporaryFolder();
  const [cookie, password] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
  const epmdPort = await freePort();
  const members: RabbitMqOptions[] = [];
  for (let number = 1; number <= nodes; number += 1) {
    const name = `rabbitmq-${number}`;
    const [port, distributionPort] = [await freePort(), await freePort()];
    members.push({
      name,
      folder: join(folder.path, name),
      port,
      distributionPort,
      epmdPort,
      cookie,
      password,
      ...(members[0] === undefined ? {} : { joins: members[0] }),
    });
  }
  const manage = (spec: ReturnType<typeof rabbitMqSpec>) =>
    new ManagedProcess(spec, { logFile: folder.logFile(spec.name) });
  const processes = members.map((options) => manage(rabbitMqSpec(options)));
  await folder.start(manage(epmdSpec({ name: 'epmd', port: epmdPort })));
  await folder.start(...processes);
  return { url: members.map(rabbitMqUrl).join(','), nodes: processes, close: () => folder.close() };
}
