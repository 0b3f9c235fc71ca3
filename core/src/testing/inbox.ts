import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { decodeOperations } from '../codec/operation-codec.ts';
import type { OperationId } from '../operation-id.ts';
import type { Delivery, QueueListener } from '../ports/operation-queue.ts';
import { eventually } from './eventually.ts';

/** A listener that keeps what is delivered. */
export class Inbox implements QueueListener {
  readonly deliveries: Delivery[] = [];
  readonly losses: Error[] = [];

  onDelivery(delivery: Delivery): void {
    this.deliveries.push(delivery);
  }

  onLost(cause: Error): void {
    this.losses.push(cause);
  }

  /** The ids of all operations delivered, in order. */
  get ids(): readonly OperationId[] {
    return this.deliveries.flatMap(({ body }) => decodeOperations(body).map(({ id }) => id));
  }

  /** The tag of the last delivery. */
  get lastTag(): number {
    const last = this.deliveries.at(-1);
    assert.ok(last, 'nothing was delivered');
    return last.tag;
  }

  /** Waits until exactly these operations have come, in this order. */
  async receives(expected: readonly OperationId[]): Promise<void> {
    await eventually(`${expected.length} operations delivered`, () => this.ids.length >= expected.length, 30_000);
    assert.deepEqual(this.ids, expected);
  }

  /** Checks that nothing more comes for a while, `forMs` milliseconds. */
  async staysQuiet(forMs = 100): Promise<void> {
    const count = this.deliveries.length;
    await delay(forMs);
    assert.equal(this.deliveries.length, count, 'something was delivered that should not be');
  }
}
