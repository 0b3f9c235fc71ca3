import type { Random } from '../../faults/random.ts';
import type { WriteRequest } from '../history/call.ts';
import type { LogRow } from '../history/final-state.ts';
import type { Agenda } from './agenda.ts';
import type { Mistake, SimulatedStore } from './simulated-store.ts';

interface QueueParts {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly store: SimulatedStore;
  readonly mistake: Mistake | undefined;
}

/** Has accepted writes applied, one after the other in the order they came, each some time after. */
export class SimulatedQueue {
  readonly #parts: QueueParts;
  readonly #waiting = new Map<string, (row: LogRow) => void>();
  #nextAt = 0;
  #ids = 0;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** The id of a new operation. */
  newId(): string {
    this.#ids += 1;
    return `operation-${this.#ids}`;
  }

  accept(id: string, request: WriteRequest): void {
    const { agenda, random, store, mistake } = this.#parts;
    const isOvertaking = mistake === 'overtakes' && random.chance(0.1);
    const at = Math.max(this.#nextAt, agenda.now) + random.next() * 0.5;
    if (!isOvertaking) this.#nextAt = at;
    agenda.in(isOvertaking ? 2000 : at - agenda.now, () => {
      if (mistake === 'settles what was accepted' && random.chance(0.01)) store.settle(id, agenda.now);
      const row = store.apply(id, request, agenda.now);
      if (row !== undefined) this.#waiting.get(id)?.(row);
      this.#waiting.delete(id);
    });
  }

  /** Calls back when the operation has its outcome. */
  await(id: string, then: (row: LogRow) => void): void {
    this.#waiting.set(id, then);
  }
}
