import type { OperationRecord } from '../outcome.ts';

/** An outcome on its way to a gateway that waits for it. */
export interface OutcomeNotice {
  readonly replyTo: string;
  readonly record: OperationRecord;
}

/** Tells waiting gateways the outcomes of their operations. A notice may get lost: whoever waits also asks the log. */
export interface OutcomeFeed {
  /** Sends notices to where they are awaited. Never rejects for a receiver that is gone. */
  notify(notices: readonly OutcomeNotice[]): Promise<void>;
  /** Starts to listen and returns the address to put into `replyTo`. `onRecord` must not throw. */
  listen(onRecord: (record: OperationRecord) => void): Promise<string>;
  close(): Promise<void>;
}
