import { setTimeout as sleep } from 'node:timers/promises';
import { readSettled } from './metrics.ts';

/** With many writes open, reading the metrics more often would slow down what is measured. */
const pollMs = { few: 20, many: 250 };
const many = 5_000;
const withinMs = 300_000;

/** How a store worked off what it had accepted. */
export interface Drain {
  /** Writes that had no outcome yet when the wait began. */
  readonly backlog: number;
  readonly seconds: number;
}

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

  /** Writes that got their outcome so far. */
  outcomes(): Promise<number> {
    return readSettled(this.#ports());
  }

  /**
   * Waits until no more than `leftOver` of the writes have no outcome.
   *
   * @param accepted more writes that were accepted
   * @throws Error when that takes more than five minutes, or more have an outcome than were accepted
   */
  async all(accepted = 0, leftOver = 0): Promise<Drain> {
    this.#accepted += accepted;
    const startedAt = performance.now();
    const backlog = await this.#open();
    for (let open = backlog; open > leftOver; open = await this.#open()) {
      if (performance.now() - startedAt > withinMs) throw new Error(`${open} writes have no outcome`);
      await sleep(open > many ? pollMs.many : pollMs.few);
    }
    return { backlog, seconds: (performance.now() - startedAt) / 1000 };
  }

  /** Writes without an outcome. */
  async #open(): Promise<number> {
    const open = this.#accepted - (await this.outcomes());
    if (open < 0) throw new Error(`${-open} more outcomes than writes that were accepted`);
    return open;
  }
}
