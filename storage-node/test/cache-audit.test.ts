import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { InProcessEntryCache } from '@stratakv/adapter-in-process';
import { type Key, parseKey } from '@stratakv/core';
import { ManualClock } from '@stratakv/core/testing';
import { createLogger, createMetrics, type Metrics } from '@stratakv/service-kit';
import { CacheAudit } from '../src/cache-audit.ts';
import { CacheAuditMetrics } from '../src/cache-audit-metrics.ts';
import { Fixture } from './fixture.ts';

const freshMs = 60_000;
const key = parseKey('cities/lisbon');

let fixture: Fixture;
let metrics: Metrics;
let audit: CacheAudit;

beforeEach(() => {
  fixture = new Fixture();
  metrics = createMetrics({ service: 'storage-node' });
  audit = auditOf(fixture, [key]);
});

function auditOf({ memory, database, clock }: Fixture, keys: readonly Key[]): CacheAudit {
  return new CacheAudit({
    sample: async () => keys.map((each) => ({ key: each })),
    cache: memory,
    reader: database,
    // Its own rounds never come: the test makes them.
    clock: Object.assign(new ManualClock(), { now: () => clock.now() }),
    logger: createLogger({ service: 'storage-node', level: 'silent' }),
    metrics: new CacheAuditMetrics(metrics),
    freshMs,
    everyMs: 1000,
    sampleKeys: 10,
  });
}

const value = async (name: string) => (await metrics.registry.getSingleMetric(name)?.get())?.values[0]?.value;

async function expect(counts: { readonly checked: number; readonly behind: number; readonly violations: number }) {
  await audit.round();
  const found = {
    checked: await value('kv_cache_audit_checked_total'),
    behind: await value('kv_cache_audit_behind'),
    violations: await value('kv_cache_audit_violations_total'),
  };
  assert.deepEqual(found, counts);
}

describe('the cache audit', () => {
  test('a cache that agrees, or holds nothing, is healthy', async () => {
    await expect({ checked: 0, behind: 0, violations: 0 });
    fixture.commit(key, 'Lisboa');
    await fixture.found(key);
    await expect({ checked: 1, behind: 0, violations: 0 });
    assert.equal(await value('kv_cache_audit_violation_share'), 0);
  });

  test('behind for less than the TTL is within the promise, and over when the entry has aged out', async () => {
    fixture.commit(key, 'Lisboa');
    await fixture.found(key);
    await fixture.clock.advance(2000);
    // A commit whose invalidation got lost.
    fixture.commit(key, 'Lisbon');
    await expect({ checked: 1, behind: 1, violations: 0 });
    await fixture.clock.advance(freshMs);
    await expect({ checked: 1, behind: 0, violations: 0 });
  });

  test('an entry that says to be newer than a write it does not show is a violation at once', async () => {
    const first = fixture.commit(key, 'Lisboa');
    await fixture.clock.advance(5000);
    fixture.commit(key, 'Lisbon');
    await fixture.clock.advance(5000);
    // What a cache without leases would have done with a slow reader.
    const [answer] = await fixture.memory.lookup([{ key, maxAgeMs: freshMs, wantsLease: true }]);
    assert.ok(answer?.kind === 'miss' && answer.lease !== undefined);
    await fixture.memory.fill([{ key, lease: answer.lease, entry: first, asOf: fixture.clock.now() }]);
    await expect({ checked: 1, behind: 1, violations: 1 });
    assert.equal(await value('kv_cache_audit_violation_share'), 1);
  });

  test('an entry that is served long after it was deleted is a violation', async () => {
    const entry = fixture.commit(key, 'Lisboa');
    fixture.database.stored.delete(key);
    const cache = new InProcessEntryCache({ clock: fixture.clock, maxBytes: 1024 * 1024 });
    // Keeps making itself younger, so that it never ages out.
    const rejuvenate = async () => {
      await cache.invalidate([key], 'marker');
      await cache.put([key], [{ stored: entry, asOf: fixture.clock.now() }], 'marker');
    };
    metrics = createMetrics({ service: 'storage-node' });
    audit = auditOf({ ...fixture, memory: cache, database: fixture.database, clock: fixture.clock } as Fixture, [key]);
    await rejuvenate();
    await expect({ checked: 1, behind: 1, violations: 0 });
    await fixture.clock.advance(freshMs + 2000);
    await rejuvenate();
    await expect({ checked: 2, behind: 1, violations: 1 });
  });
});
