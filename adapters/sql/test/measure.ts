import { parseArgs } from 'node:util';
import { type Fence, operationPartition } from '@stratakv/core';
import { keyIn, putOf } from '@stratakv/core/testing';
import { startPostgres } from '@stratakv/native/testing';
import { openSqlStore } from '../src/index.ts';

/*
 * Measures the adapter against a PostgreSQL of its own that flushes every commit:
 * `node adapters/sql/test/measure.ts [--batch 500] [--bytes 128] [--consumers 1] [--seconds 5]`
 */

const { values } = parseArgs({
  options: {
    batch: { type: 'string', default: '500' },
    bytes: { type: 'string', default: '128' },
    consumers: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
  },
});
const size = Number(values.batch);
const durationMs = Number(values.seconds) * 1000;
const value = new Uint8Array(Number(values.bytes)).map((_, index) => index * 31);
const postgres = await startPostgres({ fsync: true });
let retries = 0;
const observer = {
  onRetry: () => {
    retries += 1;
  },
};
const database = openSqlStore({ url: postgres.url, retentionMs: 1e9, maxConnections: 16, observer });
await database.ensureInstallation(16);

/** Runs `step` in several lanes for the time, and tells how much each step did. */
async function measure(what: string, lanes: number, perStep: number, step: (lane: number) => Promise<void>) {
  for (let lane = 0; lane < lanes; lane += 1) await step(lane);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  let steps = 0;
  const run = async (lane: number) => {
    for (; performance.now() - startedAt < durationMs; steps += 1) await step(lane);
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => run(lane)));
  const tookMs = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(cpu);
  const rate = Math.round((steps * perStep) / (tookMs / 1000));
  const cpuMicros = ((user + system) / (steps * perStep)).toFixed(1);
  const line = `${rate}/s, ${((tookMs * lanes) / steps).toFixed(2)} ms a call, ${cpuMicros} us of CPU each here`;
  process.stdout.write(`${what}: ${line}\n`);
}

const consumers = Number(values.consumers);
const partitionsOf = (lane: number) => Array.from({ length: 16 }, (_, n) => n).filter((n) => n % consumers === lane);
const fences: Fence[][] = [];
for (let lane = 0; lane < consumers; lane += 1) {
  const raised = await Promise.all(partitionsOf(lane).map((partition) => database.store.raiseFence(partition)));
  fences.push(raised.map(({ partition, token }) => ({ partition, token })));
}
let made = 0;
const stems = Array.from({ length: 16 }, (_, partition) =>
  Array.from({ length: 2000 }, (_, n) => keyIn(partition, `key/${n}`)),
);
const batchOf = (lane: number, count: number) => {
  const own = fences[lane] ?? [];
  const operations = Array.from({ length: count }, () => {
    made += 1;
    const partition = own[made % own.length]?.partition ?? 0;
    return putOf(stems[partition]?.[Math.floor(made / own.length) % 2000] ?? '', value);
  });
  const used = new Set(operations.map(({ id }) => operationPartition(id)));
  return { fences: own.filter(({ partition }) => used.has(partition)), operations };
};
await measure(`apply, ${consumers} consumers, batches of ${size}, ${value.length} B`, consumers, size, async (lane) => {
  await database.store.apply(batchOf(lane, size));
});
await measure('apply, one by one', consumers, 1, async (lane) => {
  await database.store.apply(batchOf(lane, 1));
});
const keys = stems.flat();
for (const count of [1, 100, 1000]) {
  for (const lanes of [1, 4]) {
    await measure(`batchGet of ${count} keys, ${lanes} at once`, lanes, count, async () => {
      const start = Math.floor(Math.random() * (keys.length - count));
      await database.reader.batchGet(keys.slice(start, start + count));
    });
  }
}
process.stdout.write(`transactions that started over: ${retries}\n`);
await database.close();
await postgres.close();
