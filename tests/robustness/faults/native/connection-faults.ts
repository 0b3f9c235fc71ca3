import { setTimeout as sleep } from 'node:timers/promises';
import type { Passage } from '../../proxy/proxies.ts';
import type { Trouble } from '../../proxy/trouble.ts';
import { type NativeFault, type Part, wellWithinMs } from './native-fault.ts';

interface Way {
  readonly from: string;
  readonly to: string;
  readonly part: Part;
  readonly mayStaleCache?: boolean;
  readonly mayFailDatabase?: boolean;
}

const ways: readonly Way[] = [
  { from: 'gateway', to: 'rabbitmq', part: 'queue' },
  { from: 'gateway', to: 'storage-node', part: 'storage-node' },
  { from: 'storage-node', to: 'redis', part: 'cache' },
  { from: 'storage-node', to: 'postgres', part: 'database', mayFailDatabase: true },
  { from: 'consumer', to: 'rabbitmq', part: 'queue' },
  // Neither an invalidation nor a put may arrive.
  { from: 'consumer', to: 'redis', part: 'cache', mayStaleCache: true },
  { from: 'consumer', to: 'lock', part: 'locks' },
  { from: 'consumer', to: 'postgres', part: 'database' },
];

/** What is done to all connections of a way, and for how long, milliseconds. */
const troubles: readonly { readonly name: string; readonly trouble: Trouble; readonly lastsMs: number }[] = [
  { name: 'cut', trouble: { kind: 'cut' }, lastsMs: 1_500 },
  { name: 'half-close', trouble: { kind: 'half-close', way: 'out' }, lastsMs: 3_000 },
  { name: 'half-close the answers of', trouble: { kind: 'half-close', way: 'back' }, lastsMs: 3_000 },
  { name: 'swallow', trouble: { kind: 'black-hole', way: 'both' }, lastsMs: 8_000 },
  { name: 'swallow the answers of', trouble: { kind: 'black-hole', way: 'back' }, lastsMs: 8_000 },
  { name: 'delay', trouble: { kind: 'delay', way: 'both', ms: 150 }, lastsMs: 5_000 },
  { name: 'drip', trouble: { kind: 'drip', way: 'both', bytesPerSecond: 2_000 }, lastsMs: 5_000 },
];

/** Every way between two kinds of processes, cut, half-closed, swallowed, delayed and slow; and half of each way cut off. */
export const connectionFaults: readonly NativeFault[] = [
  ...ways.flatMap((way) => troubles.map(({ name, trouble, lastsMs }) => fault(name, trouble, lastsMs, way))),
  // One of two alone, while the other goes on: for longer than a lease.
  ...['gateway-1', 'storage-node-1', 'consumer-1'].flatMap((from) =>
    ways
      .filter((way) => from.startsWith(way.from))
      .map((way) => fault('swallow', { kind: 'black-hole', way: 'both' }, 12_000, { ...way, from })),
  ),
];

function fault(verb: string, trouble: Trouble, lastsMs: number, way: Way): NativeFault {
  const { from, to, part, mayStaleCache = false, mayFailDatabase = false } = way;
  return {
    name: `${verb} ${from} > ${to}`,
    part,
    mayStaleCache,
    mayFailDatabase,
    run: async (site, onBegun) => {
      const passages = site.proxies.between(from, to);
      const before = troubled(passages);
      onBegun();
      for (const { proxy } of passages) proxy.trouble(trouble);
      try {
        await sleep(lastsMs);
        if (troubled(passages) === before)
          throw new Error(`no connection of ${from} to ${to} was there to be troubled`);
      } finally {
        for (const { proxy } of passages) proxy.heal();
      }
      await site.isWell(wellWithinMs);
    },
  };
}

function troubled(passages: readonly Passage[]): number {
  return passages.reduce((sum, { proxy }) => sum + proxy.counts.troubled, 0);
}
