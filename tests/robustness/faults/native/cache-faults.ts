import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../framework/eventually.ts';
import type { NativeSite } from '../../sites/native-site.ts';
import { type NativeFault, wellWithinMs } from './native-fault.ts';

/** Sentinel takes no replica that was cut off for longer than ten times its patience of a second. */
const writesGoOnMs = 2_000;
const failoverWithinMs = 30_000;

/**
 * A failover to a replica that lacks the last writes: it is cut off from its master while writes go on, then the master
 * is frozen until the replica stands in for it.
 */
const failoverWithLostWrites: NativeFault = {
  name: 'failover with lost writes',
  part: 'cache',
  mayStaleCache: true,
  mayFailDatabase: false,
  run: async (site, onBegun) => {
    const { cache } = site;
    const master = await cache.master();
    const replicas = await cache.replicas();
    const password = await cache.ask(master, (redis) => redis.config('GET', 'requirepass'));
    onBegun();
    await setMasterAuth(site, replicas, 'not the password');
    await cache.ask(master, (redis) => redis.call('CLIENT', 'KILL', 'TYPE', 'replica'));
    try {
      await sleep(writesGoOnMs);
      await seeLostWrites(site, master, replicas);
      site.freeze(master);
      await eventually(async () => {
        if ((await cache.master()) === master) throw new Error(`${master} is still the master`);
      }, failoverWithinMs);
    } finally {
      site.thaw(master);
      // Before the old master is told whom to follow, with the password that this one takes.
      await setMasterAuth(site, replicas, String((password as string[])[1]));
    }
    await site.isWell(wellWithinMs);
  },
};

async function setMasterAuth({ cache }: NativeSite, servers: readonly string[], password: string): Promise<void> {
  for (const server of servers) await cache.ask(server, (redis) => redis.config('SET', 'masterauth', password));
}

/** @throws Error when the replicas have everything their master has */
async function seeLostWrites({ cache }: NativeSite, master: string, replicas: readonly string[]): Promise<void> {
  const written = Number(await cache.info(master, 'master_repl_offset'));
  for (const replica of replicas) {
    const [link, taken] = [
      await cache.info(replica, 'master_link_status'),
      Number(await cache.info(replica, 'slave_repl_offset')),
    ];
    if (link !== 'down' || taken >= written) throw new Error(`${replica} has all of ${master}: ${taken} of ${written}`);
  }
}

const fullForMs = 6_000;

/** The cache has less room than it holds already: entries and markers are evicted, writes may be refused. */
const shortOfMemory: NativeFault = {
  name: 'little memory for redis',
  part: 'cache',
  mayStaleCache: true,
  mayFailDatabase: false,
  run: async (site, onBegun) => {
    const { cache } = site;
    const master = await cache.master();
    const evicted = async () => Number(await cache.info(master, 'evicted_keys'));
    const refused = async () => Number((await cache.info(master, 'errorstat_OOM')).replace('count=', '') || 0);
    const [was, before] = [await cache.ask(master, (redis) => redis.config('GET', 'maxmemory')), await evicted()];
    const refusedBefore = await refused();
    onBegun();
    await cache.ask(master, (redis) => redis.config('SET', 'maxmemory', '1mb'));
    try {
      await sleep(fullForMs);
      if ((await evicted()) + (await refused()) <= before + refusedBefore)
        throw new Error('Redis evicted nothing and refused nothing');
    } finally {
      await cache.ask(master, (redis) => redis.config('SET', 'maxmemory', String((was as string[])[1])));
    }
    await site.isWell(wellWithinMs);
  },
};

export const cacheFaults: readonly NativeFault[] = [failoverWithLostWrites, shortOfMemory];
