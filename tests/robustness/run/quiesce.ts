import { defaultPartitionCount, parseKey, partitionOf } from '@stratakv/core';
import type { Answer, Request } from '../history/call.ts';
import type { FinalKey, FinalState, View } from '../history/final-state.ts';
import type { Site } from '../sites/site.ts';
import { Connection } from '../traffic/connection.ts';
import { readAnswer } from '../traffic/read-answer.ts';
import { formOf } from '../traffic/request-form.ts';

const readsAtOnce = 8;

/** Keys of the run's own: one for each partition. */
export function barrierKeys(space: string): readonly string[] {
  const found = new Map<number, string>();
  for (let number = 0; found.size < defaultPartitionCount; number += 1) {
    const key = `${space}${number}`;
    const partition = partitionOf(parseKey(key), defaultPartitionCount);
    if (!found.has(partition)) found.set(partition, key);
  }
  return [...found.values()];
}

/**
 * Writes to each partition and waits for it: what was in the queues before is applied then.
 *
 * @throws Error when one is not applied in time
 */
export async function drainQueues(site: Site, space: string, withinMs: number): Promise<void> {
  await Promise.all(
    barrierKeys(space).map(async (key) => {
      const deadline = performance.now() + withinMs;
      let last = 'no answer';
      while (performance.now() < deadline) {
        const answer = await ask(site, { kind: 'put', key, value: 'barrier', waitSeconds: 5 });
        if (answer?.status === 201 || answer?.status === 204) return;
        last = answer === undefined ? 'no answer' : `${answer.status} ${answer.problem ?? ''}`;
      }
      throw new Error(`after ${withinMs} ms a write to ${key} is still not applied: ${last}`);
    }),
  );
}

/** Reads every key twice, past the cache and then as everybody does. @throws Error when one cannot be read */
export async function readKeys(site: Site, keys: readonly string[]): Promise<readonly FinalKey[]> {
  const connections = Array.from({ length: readsAtOnce }, () => new Connection(site.url));
  const left = [...keys.entries()];
  const found: FinalKey[] = [];
  const reader = async (connection: Connection) => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [index, key] = next;
      const readAt = performance.now();
      const database = await view(connection, { kind: 'get', key, level: { kind: 'no-cache' } });
      const cache = await view(connection, { kind: 'get', key, level: { kind: 'cached' } });
      found[index] = { key, database, cache, readAt };
    }
    connection.close();
  };
  await Promise.all(connections.map(reader));
  return found;
}

async function view(connection: Connection, request: Request): Promise<View> {
  const answer = await askOn(connection, request);
  if (answer?.status === 404) return {};
  if (answer?.status === 200) return { value: answer.value, version: answer.version, expiresAt: answer.expiresAt };
  throw new Error(`after quiet a key cannot be read: ${answer?.status ?? 'no answer'}`);
}

async function ask(site: Site, request: Request): Promise<Answer | undefined> {
  const connection = new Connection(site.url);
  try {
    return await askOn(connection, request);
  } finally {
    connection.close();
  }
}

async function askOn(connection: Connection, request: Request): Promise<Answer | undefined> {
  const exchange = await connection.exchange(formOf(request), { timeoutMs: 10_000 });
  return exchange.kind === 'answer' ? readAnswer(request, exchange.answer) : undefined;
}

/** The log without what the run itself wrote to drain the queues. */
export async function ownLog(site: Site, isBarrier: (key: string) => boolean): Promise<FinalState['log']> {
  const { isWhole, rows } = await site.operationsLog();
  return { isWhole, rows: rows.filter(({ key }) => key === undefined || !isBarrier(key)) };
}
