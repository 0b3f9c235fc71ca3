/** What a Redis says about itself, as far as it matters here. */
export interface ServerInfo {
  readonly redisVersion: string;
  /** Why it cannot be used, a sentence; undefined: it can. */
  readonly unfit: string | undefined;
  /** What its operator should know, in sentences. */
  readonly warnings: readonly string[];
}

/**
 * Judges the answer to INFO.
 *
 * A cache that refuses writes when it is full (`noeviction`), or never is (no `maxmemory`), still gives right answers:
 * what is in it is read, removed and outdated as ever. So that is a warning. A replica could only be read, and is behind its
 * master; ioredis 6 asks for Redis 6.2; in a cluster the keys of one call are on different nodes. Those are refused.
 */
export function judgeServer(info: string): ServerInfo {
  const field = (name: string) => fieldOf(info, name);
  const redisVersion = field('redis_version') ?? 'unknown';
  return {
    redisVersion,
    unfit: whyUnfit(redisVersion, field('role'), field('cluster_enabled')),
    warnings: whatIsWrong(Number(field('maxmemory') ?? 0), field('maxmemory_policy')),
  };
}

/** A field of an answer to INFO. */
export function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1];
}

function whyUnfit(version: string, role: string | undefined, isCluster: string | undefined): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (!(major > 6 || (major === 6 && minor >= 2))) return `Redis 6.2 or newer is needed; this one is ${version}.`;
  if (isCluster === '1') return 'This Redis is part of a Redis Cluster, which is not supported.';
  if (role !== 'master') return `This Redis is no master, its role is ${role ?? 'unknown'}.`;
  return undefined;
}

function whatIsWrong(maxMemory: number, policy: string | undefined): string[] {
  if (maxMemory === 0) return ['Redis has no maxmemory: its cache grows until the machine has no memory left.'];
  if (policy === 'noeviction') {
    return ['The maxmemory-policy of Redis is noeviction: once it is full nothing new is cached. Set allkeys-lru.'];
  }
  if (policy === 'volatile-ttl') {
    return ['The maxmemory-policy of Redis is volatile-ttl: leases and markers are evicted first. Set allkeys-lru.'];
  }
  return [];
}
