import { type OperationRecord, type OutcomeFeed, type OutcomeNotice, StrataError } from '@stratakv/core';

type OnRecord = (record: OperationRecord) => void;

/** Where the listeners of one process are known by their addresses. Feeds that share it reach one another. */
export class OutcomeHub {
  readonly listeners = new Map<string, OnRecord>();
  #addresses = 0;

  /** An address nobody has had before. */
  nextAddress(): string {
    this.#addresses += 1;
    return `in-process-${this.#addresses}`;
  }
}

/**
 * Outcomes within one process: listeners are called before `notify` resolves, in the order of the notices, and must not
 * throw. Any number may listen, each at its own address.
 */
export class InProcessOutcomeFeed implements OutcomeFeed {
  readonly #hub: OutcomeHub;
  readonly #addresses: string[] = [];
  #isClosed = false;

  /** @param hub shared by feeds that are to reach one another; one feed for all needs none */
  constructor(hub: OutcomeHub = new OutcomeHub()) {
    this.#hub = hub;
  }

  async notify(notices: readonly OutcomeNotice[]): Promise<void> {
    for (const { replyTo, record } of notices) this.#hub.listeners.get(replyTo)?.(record);
  }

  /** @throws StrataError `unavailable` once closed */
  async listen(onRecord: OnRecord): Promise<string> {
    if (this.#isClosed) throw new StrataError('unavailable', 'The outcome feed is closed.');
    const address = this.#hub.nextAddress();
    this.#hub.listeners.set(address, onRecord);
    this.#addresses.push(address);
    return address;
  }

  /** Ends this feed's own listeners. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const address of this.#addresses.splice(0)) this.#hub.listeners.delete(address);
  }
}
