import { readFileSync } from 'node:fs';
import { readRoutes } from './routes.ts';

/*
 * What the plan of a native stack loads in a build with proxies. The build's import of it names the file of its routes:
 * `detour.ts?routes=/…`.
 */

const file = new URL(import.meta.url).searchParams.get('routes');
if (file === null) throw new Error('a detour needs a file of routes');
const routes = readRoutes(file);

interface Ports {
  portOf(name: string): Promise<number>;
}

type Environment = Readonly<Record<string, string>>;

/** Secrets that are addresses: a process is given them with other ports, and so not as the file that all read. */
const addressFiles = ['KV_DATABASE_URL_FILE', 'KV_RABBITMQ_URL_FILE', 'KV_LOCK_REDIS_URLS_FILE'];

/** What a process is told, with the ports of its proxies in place of those behind them. */
export async function detour(name: string, told: Environment, ports: Ports): Promise<Environment> {
  const read = Object.entries(told).map(([variable, text]) =>
    addressFiles.includes(variable)
      ? ([variable.replace(/_FILE$/, ''), readFileSync(text, 'utf8').trim()] as const)
      : ([variable, text] as const),
  );
  const pairs = await portPairs(name, ports);
  const replaced = read.map(([variable, text]) => [
    variable,
    text.replaceAll(/127\.0\.0\.1:(\d+)/g, (whole, port) => {
      const through = pairs.get(Number(port));
      return through === undefined ? whole : `127.0.0.1:${through}`;
    }),
  ]);
  return Object.fromEntries(replaced);
}

/** What is added to its environment: which ports stand for those that Sentinels name. */
export async function added(name: string, ports: Ports): Promise<Environment> {
  const pairs = await portPairs(name, ports);
  const map = [...pairs].map(([port, through]) => [`127.0.0.1:${port}`, { host: '127.0.0.1', port: through }]);
  return { ROBUSTNESS_NAT_MAP: JSON.stringify(Object.fromEntries(map)), ...routes.environment[name] };
}

async function portPairs(name: string, ports: Ports): Promise<ReadonlyMap<number, number>> {
  const pairs = new Map<number, number>();
  for (const [to, through] of Object.entries(routes.ports[name] ?? {})) pairs.set(await ports.portOf(to), through);
  return pairs;
}
