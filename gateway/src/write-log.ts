import type { QueuedOperation } from '@stratakv/core';
import { type Logger, withoutRedaction } from '@stratakv/service-kit';
import type { PublishedMessage } from './write-publisher.ts';

/** How long what was queued may wait for its line, milliseconds. */
const gatherMs = 100;
/** Writes in one line. */
const mostWrites = 100;

/**
 * Logs what was queued, with the id, the trace and the partition of each write, so that a search for either id finds
 * where the write went. Writes share a line: under load, a line for each message took a fifth of a gateway's time. What
 * was not queued is logged at once, and always.
 */
export class WriteLog {
  readonly #logger: Logger;
  readonly #queuedLogger: Logger;
  readonly #isVerbose: boolean;
  #writes: object[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param isVerbose whether what was queued is logged */
  constructor(logger: Logger, isVerbose: boolean) {
    this.#logger = logger;
    // Ids and numbers only.
    this.#queuedLogger = withoutRedaction(logger);
    this.#isVerbose = isVerbose;
  }

  note({ partition, operations, error }: PublishedMessage): void {
    if (error !== undefined) {
      const writes = operations.map((operation) => fieldsOf(operation, partition));
      this.#logger.warn({ err: error, writes }, 'not queued, as far as is known');
      return;
    }
    if (!this.#isVerbose) return;
    for (const operation of operations) this.#writes.push(fieldsOf(operation, partition));
    if (this.#writes.length >= mostWrites) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), gatherMs);
  }

  /** Logs what has been noted. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const writes = this.#writes;
    if (writes.length === 0) return;
    this.#writes = [];
    this.#queuedLogger.info({ writes }, 'queued');
  }
}

function fieldsOf(operation: QueuedOperation, partition: number): object {
  const { id, action } = operation;
  return action === 'settle' ? { id, action, partition } : { id, action, partition, traceId: operation.traceId };
}
