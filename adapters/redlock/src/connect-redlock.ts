import { LockNode, nodeName } from './lock-node.ts';
import { LockNodes } from './lock-nodes.ts';
import { RedlockPartitionLock } from './partition-lock.ts';

/*
 * The terms follow from what DESIGN promises, with a consumer that renews and announces itself every 2 s. Whoever is
 * killed just after a renewal blocks its partitions for the term, and counts for a share until `aliveMs` and one more
 * round have passed: both about 7 s, so that others have its partitions within 10 s, also on a slow machine. One round
 * may fail, and the next come late, before a lease is in danger. The database must end a transaction that was left open
 * sooner than in `termMs`.
 */
const defaults = { prefix: 'kv', termMs: 7_000, aliveMs: 5_000, answerWithinMs: 50 };

export interface RedlockOptions {
  /** redis:// or rediss:// URLs of independent Redis servers, an odd count. */
  readonly urls: readonly string[];
  /** What the keys begin with; `kv` by default. Consumers of one installation use the same. */
  readonly prefix?: string;
  /** How long a lease holds without being renewed; 7 s by default. */
  readonly termMs?: number;
  /** How long a consumer counts as alive after it announced itself; 5 s by default. */
  readonly aliveMs?: number;
  /** How long a node may take to answer; 50 ms by default. */
  readonly answerWithinMs?: number;
  /** Told of every connection to a node (`host:port`) that failed or broke. */
  readonly onNodeError?: (node: string, error: Error) => void;
}

/**
 * Connects to the lock nodes. Those that are away, even all of them, are connected to when they are back.
 *
 * @throws RangeError when the count of nodes is even, or a node is named twice
 * @throws TypeError when one is not named by a URL
 */
export async function connectRedlock(options: RedlockOptions): Promise<RedlockPartitionLock> {
  const { urls, prefix, termMs, aliveMs, answerWithinMs } = { ...defaults, ...options };
  const onError = options.onNodeError ?? (() => {});
  refuseBadCount(urls);
  const nodes = new LockNodes(urls.map((url) => new LockNode({ url, answerWithinMs, onError })));
  await Promise.all(nodes.all.map((node) => node.connect()));
  return new RedlockPartitionLock({ nodes, termMs, aliveMs, prefix });
}

/** With an even count one more node may fail without any gain; the same server twice is no majority. */
function refuseBadCount(urls: readonly string[]): void {
  if (urls.length % 2 === 0) throw new RangeError(`Redlock needs an odd count of lock nodes, not ${urls.length}.`);
  const names = urls.map(nodeName);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RangeError(`The lock node ${twice} is named twice.`);
}
