import type { Failpoints } from '../failpoints/failpoints.ts';
import type { OperationsLog } from '../history/final-state.ts';

/** A store under a run: where it answers, and what can be done to its parts. */
export interface Site {
  readonly mode: 'embedded' | 'native';
  /** Where clients send to: `http://host:port`. */
  readonly url: string;
  /** Names of the processes that can be killed and frozen, such as `gateway-1`. */
  readonly processes: readonly string[];
  readonly failpoints: Failpoints;
  /** SIGKILL to the process and what belongs to it. Resolves when it is seen to be gone. What starts it again is the site. */
  kill(process: string): Promise<void>;
  /** SIGSTOP: it keeps its connections and does nothing. */
  freeze(process: string): void;
  thaw(process: string): void;
  /** Resolves when all processes run and the whole store says that it is ready. @throws Error when that takes too long */
  isWell(withinMs: number): Promise<void>;
  /** Every row, read from the database itself. Only while nobody writes. */
  operationsLog(): Promise<OperationsLog>;
  /** Messages in all dead-letter queues. */
  deadLetters(): Promise<number>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}
