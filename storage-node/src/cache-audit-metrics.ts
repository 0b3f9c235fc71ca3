import type { Metrics } from '@stratakv/service-kit';
import { Counter, Gauge } from 'prom-client';

/** What the cache audit finds. */
export class CacheAuditMetrics {
  readonly #checked: Counter;
  readonly #violations: Counter;
  readonly #behind: Gauge;
  readonly #share: Gauge;

  constructor({ registry }: Pick<Metrics, 'registry'>) {
    const registers = [registry];
    this.#checked = new Counter({
      name: 'kv_cache_audit_checked_total',
      help: 'Cached entries compared with the database',
      registers,
    });
    this.#violations = new Counter({
      name: 'kv_cache_audit_violations_total',
      help: 'Of these, those that were behind by more than is promised. Anything but 0 is a bug',
      registers,
    });
    this.#behind = new Gauge({
      name: 'kv_cache_audit_behind',
      help: 'Cached entries that were behind the database when last compared, within what is promised or not',
      registers,
    });
    this.#share = new Gauge({
      name: 'kv_cache_audit_violation_share',
      help: 'Share of the last round that was behind by more than is promised. 0 is the only healthy value',
      registers,
    });
  }

  /** Notes one round. */
  observe(checked: number, behind: number, violations: number): void {
    this.#checked.inc(checked);
    this.#violations.inc(violations);
    this.#behind.set(behind);
    this.#share.set(checked === 0 ? 0 : violations / checked);
  }
}
