import { type EnvoyServerOptions, envoySpec } from './servers/envoy.ts';
import { nginxSpec } from './servers/nginx.ts';
import { numberedNames, type StackProcess, type StackSite } from './stack-process.ts';

const local = '127.0.0.1';

/** The Envoys and nginx, which is the last one. `port` is where nginx listens. */
export async function planEdge(
  { config, ports, sockets, folderOf }: StackSite,
  gateways: readonly StackProcess[],
  port: number,
): Promise<readonly StackProcess[]> {
  const { maxValueBytes, confirmTimeoutMs, readTimeoutMs, accessLog } = config;
  const common = { maxValueBytes, confirmTimeoutMs, readTimeoutMs, accessLog };
  const envoys: EnvoyServerOptions[] = [];
  for (const name of numberedNames('envoy', config.envoys)) {
    envoys.push({
      ...common,
      name,
      folder: folderOf(name),
      sockets: sockets.folder,
      listen: { host: local, port: await ports.portOf(name) },
      metricsListen: { host: local, port: await ports.portOf(`${name} metrics`) },
      gateways: gateways.map(({ spec }) => ({ path: sockets.pathOf(spec.name) })),
    });
  }
  const nginx = nginxSpec({
    ...common,
    name: 'nginx',
    folder: folderOf('nginx'),
    listen: { host: config.bind, port },
    envoys: envoys.map(({ listen }) => listen),
    workers: 1,
    connections: config.nginxConnections,
  });
  return [
    ...envoys.map((envoy) => ({
      kind: 'envoy' as const,
      spec: envoySpec(envoy),
      port: envoy.listen.port,
      metricsUrl: `http://${local}:${envoy.metricsListen.port}/metrics`,
    })),
    { kind: 'nginx', spec: nginx, port },
  ];
}
