import { Counter, Trend } from 'k6/metrics';
import { type KindName, kindNames, metricNames } from './kinds.ts';

interface KindMeters {
  readonly time: Trend;
  readonly shed: Counter;
  readonly unexpected: Counter;
}

/** What is counted. k6 wants them made where it begins. */
export class Meters {
  readonly #kinds = new Map(kindNames.map((kind) => [kind, createMeters(kind)]));
  readonly #requests = new Counter(metricNames.requests);
  readonly #times = new Trend(metricNames.allTimes, true);
  readonly #shed = new Counter(metricNames.allShed);
  readonly #unexpected = new Counter(metricNames.allUnexpected);
  readonly #late = new Counter(metricNames.late);

  /** An answer that was as expected. */
  answered(kind: KindName, ms: number): void {
    this.#requests.add(1);
    this.#times.add(ms);
    this.#kinds.get(kind)?.time.add(ms);
  }

  /** The store said politely that it has too much to do. */
  shed(kind: KindName): void {
    this.#requests.add(1);
    this.#shed.add(1);
    this.#kinds.get(kind)?.shed.add(1);
  }

  unexpected(kind: KindName): void {
    this.#requests.add(1);
    this.#unexpected.add(1);
    this.#kinds.get(kind)?.unexpected.add(1);
  }

  /** A wait ended before the write was applied. Such an answer is counted as an answer too. */
  late(): void {
    this.#late.add(1);
  }
}

function createMeters(kind: KindName): KindMeters {
  return {
    time: new Trend(metricNames.time(kind), true),
    shed: new Counter(metricNames.shed(kind)),
    unexpected: new Counter(metricNames.unexpected(kind)),
  };
}
