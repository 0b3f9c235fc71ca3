import type { Clock, Storage } from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';

export interface InstallationWatchOptions {
  readonly storage: Pick<Storage, 'installation'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** P by this gateway's settings. */
  readonly partitionCount: number;
  readonly everyMs: number;
  /** Called once when the database was made for another number of partitions. */
  readonly onMismatch: (message: string) => void;
}

/**
 * Asks the storage nodes, again and again, what the database says of the whole store. With the database away a gateway
 * still takes writes: what it learned stays true, and a wrong P finds no queues.
 */
export class InstallationWatch {
  readonly #options: InstallationWatchOptions;
  readonly #closing = new AbortController();
  readonly #running: Promise<void>;
  #logHorizon = 0;

  constructor(options: InstallationWatchOptions) {
    this.#options = options;
    this.#running = this.#watch();
  }

  /** Operations made before this may have left the log, milliseconds since 1970; 0 as long as it is not known. */
  get logHorizon(): number {
    return this.#logHorizon;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { clock, everyMs } = this.#options;
    while (!this.#closing.signal.aborted) {
      const isKnown = await this.#look();
      await clock.sleep(isKnown ? everyMs : everyMs / 10, this.#closing.signal);
    }
  }

  async #look(): Promise<boolean> {
    const { storage, logger, partitionCount, onMismatch } = this.#options;
    try {
      const found = await storage.installation();
      this.#logHorizon = Math.max(this.#logHorizon, found.logHorizon);
      if (found.partitionCount !== partitionCount) {
        onMismatch(
          `The database was made for ${found.partitionCount} partitions; KV_PARTITIONS says ${partitionCount}.`,
        );
      }
      return true;
    } catch (error) {
      logger.debug({ err: error }, 'the installation is not known yet');
      return false;
    }
  }
}
