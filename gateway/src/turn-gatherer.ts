/** Turns of the event loop that a piece of work waits, at most. */
const mostTurns = 4;

/**
 * Runs something once for all that comes in neighbouring turns of the event loop: when a turn brought no more, or after a
 * few. Under load one turn brings little, since whoever sends is as busy; the next ones bring the rest, and a turn that
 * brings nothing costs microseconds.
 */
export class TurnGatherer {
  readonly #run: () => void;
  #isScheduled = false;
  #came = 0;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Counts what has come. */
  count(): void {
    this.#came += 1;
  }

  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // The end of this turn shows nothing: all of it may have been there at its beginning.
    setImmediate(() => this.#turn(mostTurns - 1));
  }

  #turn(left: number): void {
    const before = this.#came;
    setImmediate(() => {
      if (left > 1 && this.#came > before) {
        this.#turn(left - 1);
        return;
      }
      this.#isScheduled = false;
      this.#run();
    });
  }
}
