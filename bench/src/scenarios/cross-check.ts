import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Bench } from '../bench.ts';
import { startConstant } from '../server.ts';

/** The constant route by two generators, in turns: they must agree on how fast it is, or one of them counts wrong. */
export interface CrossCheck {
  readonly ownRate: number;
  readonly autocannonRate: number;
  /** CPU of the generator a request, microseconds. */
  readonly ownMicros: number;
  readonly serverMicros: number;
}

const autocannonFile = fileURLToPath(import.meta.resolve('autocannon'));
const seconds = 2;

/** @throws Error when autocannon saw an answer other than 2xx */
export async function crossCheck({ plan, generator, tell }: Bench): Promise<CrossCheck> {
  const { connections, valueBytes: bytes, warmupSeconds } = plan;
  const constant = await startConstant('kit', bytes);
  try {
    const load = { workload: { kind: 'constant', bytes }, connections, warmupSeconds, seconds, seed: 0 } as const;
    const own = await generator.run(constant, load);
    const autocannonRate = await runAutocannon(constant.port, connections);
    tell(`constant route: ${Math.round(own.rate)}/s here, ${Math.round(autocannonRate)}/s by autocannon`);
    const { rate: ownRate, generatorMicros: ownMicros, serverMicros } = own;
    return { ownRate, autocannonRate, ownMicros, serverMicros };
  } finally {
    await constant.close();
  }
}

async function runAutocannon(port: number, connections: number): Promise<number> {
  const url = `http://127.0.0.1:${port}/constant`;
  const options = ['--json', '--connections', String(connections), '--duration', String(seconds), url];
  const { stdout } = await promisify(execFile)(process.execPath, [autocannonFile, ...options]);
  const result = JSON.parse(stdout) as { '2xx': number; non2xx: number; errors: number; duration: number };
  if (result.non2xx > 0 || result.errors > 0) throw new Error('autocannon saw answers other than 2xx');
  return result['2xx'] / result.duration;
}
