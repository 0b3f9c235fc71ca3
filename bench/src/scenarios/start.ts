import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { entryKey, entryValue } from '../dataset.ts';
import { type MemoryUsage, memoryOf } from '../process-usage.ts';
import { makeDataFolder, startStore } from '../server.ts';
import { type Spread, spreadOf } from '../spread.ts';

export interface StartFigures {
  /** Milliseconds from the spawn to the first 200 of /readyz. */
  readonly readyMs: Spread;
  /** Milliseconds from the spawn until a waited PUT and a GET of the same key were answered. */
  readonly firstAnswerMs: Spread;
  /** The first of these starts, which makes the data folder. */
  readonly firstEverMs: number;
  /** Without any request for a while. */
  readonly idle: MemoryUsage;
}

const settleMs = 3_000;

/** Starts the store several times on one data folder. */
export async function measureStarts({ plan, tell }: Bench): Promise<StartFigures> {
  const folder = await makeDataFolder();
  const readyMs: number[] = [];
  const firstAnswerMs: number[] = [];
  let idle: MemoryUsage | undefined;
  try {
    for (let start = 0; start < plan.starts; start += 1) {
      const store = await startStore(folder.path);
      try {
        await putAndGet(store.port, start);
        firstAnswerMs.push(performance.now() - store.spawnedAt);
        readyMs.push(store.readyMs);
        if (start > 0) continue;
        await sleep(settleMs);
        idle = memoryOf(store.pid);
      } finally {
        await store.close();
      }
    }
  } finally {
    await folder.remove();
  }
  if (idle === undefined) throw new Error('the store was never started');
  tell(`start to first answer: ${firstAnswerMs.map(Math.round).join(', ')} ms; idle RSS ${idle.rss.toFixed(0)} MiB`);
  const firstEverMs = firstAnswerMs[0] as number;
  return { readyMs: spreadOf(readyMs), firstAnswerMs: spreadOf(firstAnswerMs), firstEverMs, idle };
}

async function putAndGet(port: number, index: number): Promise<void> {
  const url = `http://127.0.0.1:${port}/kv/${entryKey(index)}`;
  const value = entryValue(index, 128);
  const put = await fetch(url, { method: 'PUT', body: value, headers: { prefer: 'wait=10' } });
  const answer = await put.text();
  if (put.status !== 201 && put.status !== 204) throw new Error(`the first PUT was answered ${put.status}: ${answer}`);
  const get = await fetch(url);
  if (get.status !== 200 || (await get.text()) !== value) throw new Error(`the first GET was answered ${get.status}`);
}
