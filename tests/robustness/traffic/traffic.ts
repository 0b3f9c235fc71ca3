import { Random } from '../../faults/random.ts';
import { Board } from './board.ts';
import { Client } from './client.ts';
import type { Keys } from './keys.ts';
import { Pace } from './pace.ts';
import type { Recorder } from './recorder.ts';

export interface TrafficOptions {
  readonly recorder: Recorder;
  readonly keys: Keys;
  readonly seed: number;
  readonly clients: number;
  /** Calls of all clients together, at most. */
  readonly callsPerSecond: number;
}

/** Many clients at once. */
export class Traffic {
  readonly #clients: readonly Client[];
  #isOver = false;

  constructor({ recorder, keys, seed, clients, callsPerSecond }: TrafficOptions) {
    const seeds = new Random(seed);
    const board = new Board();
    this.#clients = Array.from({ length: clients }, (_, index) => {
      const http = recorder.client(`client-${index + 1}`);
      const random = new Random(seeds.below(2 ** 31));
      return new Client({ http, keys, board, random, pace: new Pace(callsPerSecond / clients) });
    });
  }

  /** Sends until `stop` is called. @throws UnreadableAnswer */
  async run(): Promise<void> {
    try {
      await Promise.all(this.#clients.map((client) => client.run(() => this.#isOver)));
    } finally {
      this.stop();
    }
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Each client asks for what it does not know, until that is settled or the time is over. */
  async settle(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    await Promise.all(this.#clients.map((client) => client.settle(deadline)));
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}
