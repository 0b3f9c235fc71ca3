import { Redis, type RedisOptions } from 'ioredis';
import type { RedisServer } from './options.ts';
import { fillScript, invalidateScript, leaseScript, putScript } from './scripts.ts';

/** A script as ioredis offers it: the number of keys, the keys, the arguments. EVALSHA, and EVAL after NOSCRIPT. */
type Script<Reply> = (keyCount: number, ...keysAndArguments: readonly (string | number | Buffer)[]) => Promise<Reply>;

/** The scripts of `scripts.ts` as commands. */
interface CacheScripts {
  readonly kvLease: Script<string>;
  readonly kvFill: Script<string>;
  readonly kvInvalidate: Script<number>;
  readonly kvPut: Script<string>;
}

export type CacheClient = Redis<'legacy'> & CacheScripts;

/** How long a frozen or vanished server is waited for, milliseconds. */
const patience = { connect: 1000, silence: 1000, disconnect: 100 };
const longestPauseMs = 500;

/**
 * The client of the cache, which connects at once. With the defaults of ioredis a frozen master is never noticed, and
 * commands wait in a queue for ever; here whoever asks gets an error at once or after `commandTimeoutMs`.
 */
export function newCacheClient(server: RedisServer, commandTimeoutMs: number): CacheClient {
  const options = cacheOptions(server, commandTimeoutMs);
  const redis = 'url' in server ? new Redis(server.url, options) : new Redis(options);
  // The option `scripts` makes the methods of CacheScripts, which its type does not tell.
  return redis as CacheClient;
}

function cacheOptions(server: RedisServer, commandTimeoutMs: number) {
  return {
    connectionName: 'stratakv-cache',
    commandTimeout: commandTimeoutMs,
    // A frozen server takes in commands and says nothing: then the connection goes, and Sentinel is asked again.
    socketTimeout: patience.silence,
    connectTimeout: patience.connect,
    // How long the end of a connection is waited for; the default of 2 s is lost time when the server is frozen.
    disconnectTimeout: patience.disconnect,
    retryStrategy: pauseMs,
    // Who cannot be served now goes round the cache.
    enableOfflineQueue: false,
    // A lease that was given twice would be lost, an invalidation that comes late would undo a put. With 0 all that was
    // sent on a connection fails when it closes; with more, and no resending, only its time-out would end it.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Not before it has loaded its data, and in Sentinel mode not as long as it is no master.
    enableReadyCheck: true,
    maxLoadingRetryTime: 500,
    // Demoted, or about to be: Sentinel knows where to go.
    reconnectOnError: (error) => /READONLY|MASTERDOWN/.test(error.message),
    scripts: {
      kvLease: { lua: leaseScript },
      kvFill: { lua: fillScript },
      kvInvalidate: { lua: invalidateScript },
      kvPut: { lua: putScript },
    },
    replyMapping: 'legacy',
    ...('sentinels' in server ? sentinelOptions(server, commandTimeoutMs) : {}),
  } satisfies RedisOptions & { replyMapping: 'legacy' };
}

type SentinelServer = Extract<RedisServer, { sentinels: unknown }>;

function sentinelOptions(server: SentinelServer, commandTimeoutMs: number) {
  const { sentinels, masterName, password } = server;
  return {
    sentinels: [...sentinels],
    name: masterName,
    role: 'master',
    password,
    sentinelPassword: server.sentinelPassword ?? password,
    // A frozen Sentinel would be waited for without an end.
    sentinelCommandTimeout: commandTimeoutMs,
    // Without a number here, the client ends for good when no Sentinel answers.
    sentinelRetryStrategy: pauseMs,
    updateSentinels: false,
    // `SentinelWatch` does this: the one of ioredis prints to the console when a Sentinel is down, takes the failover
    // of any master for that of ours, and ends the client for good when told while it looks for the master.
    failoverDetector: false,
  } satisfies RedisOptions;
}

/** A client that listens to one Sentinel; it connects at once. Its owner subscribes each time it is ready. */
export function newWatchClient(sentinel: { host: string; port: number }, password: string | undefined): Redis {
  return new Redis({
    ...sentinel,
    password,
    connectionName: 'stratakv-watch',
    connectTimeout: patience.connect,
    commandTimeout: patience.silence,
    disconnectTimeout: patience.disconnect,
    retryStrategy: () => longestPauseMs * (1 + Math.random()),
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
    autoResubscribe: false,
  });
}

/** Before another attempt: doubles from 50 ms on, with half of it random, so that processes do not come all at once. */
function pauseMs(attempt: number): number {
  const longest = Math.min(50 * 2 ** (attempt - 1), longestPauseMs);
  return longest * (0.5 + Math.random() / 2);
}
