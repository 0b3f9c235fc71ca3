import { setTimeout as sleep } from 'node:timers/promises';
import { sumMetric } from './metrics.ts';

/** With many writes open, reading the metrics more often would slow down what is measured. */
const pollMs = { few: 50, many: 250 };
const many = 5_000;
const withinMs = 300_000;

/** The account of the writes a store has accepted since its start: each gets one outcome, and none that was not accepted. */
export class SettledWrites {
  readonly #ports: () => readonly number[];
  #accepted = 0;

  /** @param consumerPorts where each consumer's metrics are */
  constructor(consumerPorts: () => readonly number[]) {
    this.#ports = consumerPorts;
  }

  /** Writes that were accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Notes writes that were accepted, without waiting. */
  note(accepted: number): void {
    this.#accepted += accepted;
  }

  /** Writes that got their outcome so far. A redelivery, which finds one there, is none. */
  async outcomes(): Promise<number> {
    const [all, again] = await Promise.all([
      sumMetric(this.#ports(), 'kv_outcomes_total'),
      sumMetric(this.#ports(), 'kv_outcomes_total', 'status="duplicate"'),
    ]);
    return all - again;
  }

  /**
   * Waits until no more than `leftOver` of the writes have no outcome.
   *
   * @param accepted more writes that were accepted
   * @throws Error when that takes more than five minutes, or more have an outcome than were accepted
   */
  async all(accepted = 0, leftOver = 0): Promise<void> {
    this.#accepted += accepted;
    for (const deadline = performance.now() + withinMs; ; ) {
      const open = this.#accepted - (await this.outcomes());
      if (open < 0) throw new Error(`${-open} more outcomes than writes that were accepted`);
      if (open <= leftOver) return;
      if (performance.now() > deadline) throw new Error(`${open} writes have no outcome`);
      await sleep(open > many ? pollMs.many : pollMs.few);
    }
  }
}
