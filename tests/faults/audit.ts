import { deepEqual, equal, fail, ok } from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { Receipt } from '../framework/documents.ts';
import { inParallel } from '../framework/eventually.ts';
import type { HttpClient } from '../framework/http.ts';
import { kvPath, versionOf } from '../framework/store.ts';
import { checkOwnKey, checkSharedKey } from './key-history.ts';
import type { Ledger, Sighting } from './ledger.ts';
import { outcomeOf } from './traffic.ts';

const partitionCount = 16;
const width = 32;

export interface Audited {
  readonly ledger: Ledger;
  readonly ownKeys: readonly string[];
  readonly sharedKeys: readonly string[];
}

/**
 * Holds a store that runs, and that nobody writes to, against the ledger.
 *
 * @throws AssertionError that names the key or the operation
 */
export async function audit(http: HttpClient, { ledger, ownKeys, sharedKeys }: Audited): Promise<void> {
  await drain(http);
  await inParallel(ledger.ids, width, async (id) => {
    const told = ledger.outcomes.get(id);
    const outcome = await outcomeOf(http, id);
    ok(outcome.status !== 'queued', `operation ${id} has no outcome`);
    if (told === undefined) ledger.outcomes.set(id, outcome);
    else deepEqual(comparable(outcome), comparable(told), `operation ${id} has another outcome than before`);
  });
  await inParallel([...ownKeys, ...sharedKeys], width, async (key) => ledger.see(key, await look(http, key)));
  for (const key of ownKeys) checkOwnKey(ledger, key);
  for (const key of sharedKeys) checkSharedKey(ledger, key);
}

/** Waits until all that was queued is applied: a waited write at the end of each partition's queue. */
async function drain(http: HttpClient): Promise<void> {
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  await inParallel(partitions, width, async (partition) => {
    const answer = await http.request('PUT', kvPath(barrierKey(partition)), {
      headers: { Prefer: 'wait=15' },
      body: 'barrier',
    });
    ok(answer.status === 201 || answer.status === 204, `barrier: ${answer.describe()}`);
  });
}

function barrierKey(partition: number): string {
  for (let number = 0; ; number += 1) {
    const key = `barrier/${number}`;
    if (crc32(key) % partitionCount === partition) return key;
  }
}

async function look(http: HttpClient, key: string): Promise<Sighting> {
  const answer = await http.request('GET', kvPath(key), { headers: { 'Cache-Control': 'no-cache' } });
  if (answer.status === 404) return { value: undefined, version: undefined };
  equal(answer.status, 200, `GET ${key}: ${answer.describe()}`);
  const cached = await http.request('GET', kvPath(key));
  if (cached.status !== 200) fail(`GET ${key} is ${cached.describe()}, with no-cache it is there`);
  deepEqual([cached.text, versionOf(cached)], [answer.text, versionOf(answer)], `GET ${key} with and without no-cache`);
  return { value: answer.text, version: versionOf(answer) };
}

// The problem inside a receipt may name the request it was asked with.
function comparable({ problem, ...receipt }: Receipt): unknown {
  return problem === undefined ? receipt : { ...receipt, problem: { ...problem, instance: undefined } };
}
