import { StrataError } from '@stratakv/core';
import type { LockNode } from './lock-node.ts';

/** The lock nodes together: what a majority of them says counts. */
export class LockNodes {
  readonly all: readonly LockNode[];

  /** @param all an odd count */
  constructor(all: readonly LockNode[]) {
    this.all = all;
  }

  /** How many are a majority. */
  get majority(): number {
    return Math.floor(this.all.length / 2) + 1;
  }

  /**
   * Asks all of them at once.
   *
   * @returns what those said that answered in time, a majority or more
   * @throws StrataError `unavailable` when fewer answered
   */
  async ask<Answer>(question: (node: LockNode) => Promise<Answer>): Promise<Answer[]> {
    const replies = await Promise.allSettled(this.all.map(question));
    const answers = replies.filter((reply) => reply.status === 'fulfilled').map(({ value }) => value);
    if (answers.length >= this.majority) return answers;
    const cause = replies.find((reply) => reply.status === 'rejected')?.reason;
    throw new StrataError('unavailable', `${answers.length} of ${this.all.length} lock nodes answered.`, { cause });
  }

  /**
   * Resolves as soon as a majority has answered, without waiting for the others.
   *
   * @throws StrataError `unavailable` when no majority does
   */
  async reach(): Promise<void> {
    const enough = Promise.withResolvers<void>();
    let answers = 0;
    const asked = this.ask(async (node) => {
      await node.ask((client) => client.ping());
      answers += 1;
      if (answers >= this.majority) enough.resolve();
    });
    await Promise.race([enough.promise, asked]);
  }

  close(): void {
    for (const node of this.all) node.close();
  }
}
