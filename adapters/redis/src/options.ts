import type { Clock, Key } from '@stratakv/core';

/** Where the cache is: one Redis, or the master that Sentinels know. */
export type RedisServer =
  | {
      /** `redis://` or `rediss://`, with user, password and database if need be. */
      readonly url: string;
    }
  | {
      readonly sentinels: readonly { readonly host: string; readonly port: number }[];
      /** Name under which the Sentinels know the master. */
      readonly masterName: string;
      /** Of the Redis servers. */
      readonly password?: string | undefined;
      /** Of the Sentinels; the same as that of the Redis servers by default. */
      readonly sentinelPassword?: string | undefined;
    };

/** What whoever runs the cache may want to log or count. None of it is an error of a call. */
export type RedisCacheEvent =
  /** The server was found fit. The warnings are sentences for its operator, empty when there is nothing to say. */
  | { readonly kind: 'connected'; readonly redisVersion: string; readonly warnings: readonly string[] }
  /** The connection is gone; another one is being made. */
  | { readonly kind: 'disconnected' }
  /** The server cannot be used as it is: a replica, too old, a cluster. Looked at again every second. */
  | { readonly kind: 'unfit'; readonly reason: string }
  /** A connection to Redis or to a Sentinel failed. They come again as long as it fails. */
  | { readonly kind: 'failed'; readonly error: Error }
  /** A Sentinel says there is a new master. */
  | { readonly kind: 'failover' }
  /** What was found about this key was damaged, and is removed. */
  | { readonly kind: 'damaged'; readonly key: Key }
  /** Redis had no room for so many entries or markers. */
  | { readonly kind: 'full'; readonly refused: number };

export interface RedisCacheOptions {
  readonly server: RedisServer;
  /** Ages are told by it; leases and markers go by the clock of Redis. */
  readonly clock: Clock;
  readonly onEvent?: (event: RedisCacheEvent) => void;
  /** First part of every Redis key, of letters, digits, `_`, `.` and `-`; `kv` by default. */
  readonly prefix?: string;
  /** How old an entry may get before a reader counts it as stale; 60 s by default. */
  readonly freshMs?: number;
  /** How long an entry is kept beyond that, for `stale-if-error`; 1 h by default. */
  readonly staleMaxMs?: number;
  /** How long absence is kept; 2 s by default. */
  readonly absentTtlMs?: number;
  /** How long a reader may take from its lookup to its fill; 5 s by default. */
  readonly leaseTermMs?: number;
  /** How long a marker stands; longer than any transaction's deadline; 15 s by default. */
  readonly markerTermMs?: number;
  /** Larger values are not cached; 1 MiB by default. */
  readonly maxValueBytes?: number;
  /** How long an answer of Redis may take; 250 ms by default. A call that has to ask several times may take as often. */
  readonly commandTimeoutMs?: number;
}
