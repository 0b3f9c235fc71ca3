import { setTimeout as sleep } from 'node:timers/promises';
import { namesOf } from '../../sites/cluster.ts';
import { type NativeFault, type Part, wellWithinMs } from './native-fault.ts';
import { processState } from './process-state.ts';

interface Kind {
  readonly processes: readonly string[];
  readonly part: Part;
  /** Longer than whoever waits for it is patient. */
  readonly frozenMs: number;
  readonly mayStaleCache?: boolean;
  readonly mayFailDatabase?: boolean;
}

const kinds: readonly Kind[] = [
  { processes: namesOf('nginx'), part: 'edge', frozenMs: 3_000 },
  { processes: namesOf('envoy'), part: 'edge', frozenMs: 4_000 },
  { processes: namesOf('gateway'), part: 'gateway', frozenMs: 8_000 },
  // Longer than the lease of a read.
  { processes: namesOf('storage-node'), part: 'storage-node', frozenMs: 6_000 },
  // Longer than the lease of a partition, shorter than the marker of a batch.
  { processes: namesOf('consumer'), part: 'consumer', frozenMs: 12_000 },
  // Longer than the others wait for a silent node.
  { processes: namesOf('rabbitmq'), part: 'queue', frozenMs: 20_000 },
  { processes: ['epmd'], part: 'queue', frozenMs: 2_000 },
  { processes: namesOf('redis'), part: 'cache', frozenMs: 6_000, mayStaleCache: true },
  // Alone they touch nothing that is read or written.
  { processes: namesOf('sentinel'), part: 'cache', frozenMs: 4_000 },
  { processes: namesOf('lock'), part: 'locks', frozenMs: 9_000 },
  { processes: namesOf('postgres'), part: 'database', frozenMs: 8_000, mayFailDatabase: true },
];

/** Every process killed, and frozen for longer than the others wait for it. */
export const processFaults: readonly NativeFault[] = kinds.flatMap((kind) =>
  kind.processes.flatMap((process) => [kill(process, kind), freeze(process, kind)]),
);

function kill(process: string, { part, mayStaleCache = false, mayFailDatabase = false }: Kind): NativeFault {
  return {
    name: `kill ${process}`,
    part,
    mayStaleCache,
    mayFailDatabase,
    run: async (site, onBegun) => {
      const { restarts } = site.stack.process(process);
      onBegun();
      await site.kill(process);
      await site.isBack(process, restarts, 30_000);
      await site.isWell(wellWithinMs);
    },
  };
}

/** How far a replica may be behind its master without anything being wrong, milliseconds. */
const replicaBehindMs = 500;

function freeze(process: string, kind: Kind): NativeFault {
  const { part, frozenMs, mayStaleCache = false, mayFailDatabase = false } = kind;
  return {
    name: `freeze ${process}`,
    part,
    mayStaleCache,
    mayFailDatabase,
    run: async (site, onBegun) => {
      const family = site.stack.family(process);
      onBegun();
      // What a failover loses was written in the window then.
      if (part === 'cache') await sleep(replicaBehindMs);
      site.freeze(process);
      try {
        await sleep(frozenMs);
        const states = family.map(({ pid }) => processState(pid));
        // Backends of the database may have ended just before.
        if (states[0] !== 'T' || states.some((state) => state !== 'T' && state !== undefined))
          throw new Error(`${process} was not frozen: ${states}`);
      } finally {
        site.thaw(process);
      }
      await site.isWell(wellWithinMs);
    },
  };
}
