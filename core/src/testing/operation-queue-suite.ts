import { describe } from 'node:test';
import type { OperationQueue } from '../ports/operation-queue.ts';
import { queueDeliveryCases } from './operation-queue-delivery-suite.ts';
import { queueRecoveryCases } from './operation-queue-recovery-suite.ts';

/** A queue of its own for one test: 16 empty partitions, no dead letters. */
export interface QueueHarness {
  readonly queue: OperationQueue;
  /** Dies without a goodbye, as far as that can be done, and opens the same queue again. */
  reopen(): Promise<OperationQueue>;
  /**
   * Makes the broker unreachable for the queue, for good. Left out where there is nothing between the two; the case
   * that needs it is then not registered.
   */
  cutOff?(): Promise<void>;
  /** Ends the queue that is open and removes what the test left. */
  close(): Promise<void>;
}

export type CreateQueue = () => Promise<QueueHarness>;

/** Registers the tests that every OperationQueue passes. */
export function operationQueueSuite(name: string, create: CreateQueue, { canBeCutOff = false } = {}): void {
  describe(`${name} as OperationQueue`, () => {
    queueDeliveryCases(create);
    queueRecoveryCases(create, canBeCutOff);
  });
}
