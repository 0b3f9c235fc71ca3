import { type Mutation, mutation } from './mutation.ts';

/* Mechanisms of the write path: from the gateway over the queue to the transaction. */

const both = ['embedded', 'native'] as const;

export const writeMutations: readonly Mutation[] = [
  mutation('ack-before-commit', 'A delivery is acked when it is taken up, before it is applied.', both, [
    'consumer/src/apply-batch.ts',
    `    const following: Promise<void>[] = [];
    const isDone`,
    `    const following: Promise<void>[] = [];
    for (const [session, own] of Map.groupBy(deliveries, ({ session }) => session)) await session.ack(own);
    const isDone`,
  ]),
  mutation(
    'no-dedupe',
    'An operation that has an outcome is applied again when it is delivered again.',
    both,
    ['core/src/fold.ts', "    if (known !== undefined) return { kind: 'duplicate', operation, record: known };\n", ''],
    [
      'adapters/sqlite/src/operation-table.ts',
      '  insert: `INSERT INTO operations',
      '  insert: `INSERT OR REPLACE INTO operations',
    ],
    [
      'adapters/sql/src/operation-sql.ts',
      `      AS settled (id, action, key, status, version, is_created, expires_at, code, identity, fingerprint)\`,
};`,
      `      AS settled (id, action, key, status, version, is_created, expires_at, code, identity, fingerprint)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, settled_at = excluded.settled_at\`,
};`,
    ],
  ),
  mutation(
    'no-fence',
    'Whoever holds an old fence may go on writing.',
    ['native'],
    [
      'adapters/sql/src/partition-sql.ts',
      `    UPDATE partitions SET passes = passes + 1
    WHERE partition = $1::int8 AND token = $2::int8`,
      `    UPDATE partitions SET passes = passes + 1
    WHERE partition = $1::int8 AND $2::int8 IS NOT NULL`,
    ],
  ),
  mutation(
    'no-mandatory',
    'A message that reaches no queue counts as queued.',
    ['native'],
    ['adapters/rabbitmq/src/queue-channel.ts', 'mandatory: true, messageId', 'mandatory: false, messageId'],
  ),
  mutation(
    'confirm-not-awaited',
    'A write is accepted when it has been sent to the broker.',
    ['native'],
    [
      'adapters/rabbitmq/src/queue-channel.ts',
      `messageId }, onConfirm);
`,
      `messageId }, () => {});
      setImmediate(onConfirm, null);
`,
    ],
  ),
  mutation(
    'answered-before-commit',
    'A write is accepted before its transaction is committed.',
    ['embedded'],
    [
      'adapters/sqlite/src/operation-queue.ts',
      "    const result = await this.#writer.run({ kind: 'append', partition, sequence, body, needs });",
      `    void this.#writer.run({ kind: 'append', partition, sequence, body, needs }).then(() => queue.appended(sequence, body));
    this.#bytesBeingQueued -= body.length;
    this.#operationsBeingQueued -= operations.length;
    return;
    const result: any = undefined;`,
    ],
  ),
  mutation(
    'condition-at-the-gateway',
    'A condition is judged by what a read shows before the write is queued.',
    both,
    [
      'gateway/src/submit-write.ts',
      '  const partition = partitionOf(write.key, deps.partitionCount);\n',
      `  const partition = partitionOf(write.key, deps.partitionCount);
  if (write.condition !== undefined) {
    const level = { noCache: true, onlyIfCached: false } as any;
    const answers = await (deps.storage as any).readEach([{ key: write.key, level }], Date.now() + 5000);
    const { entry } = await answers[0];
    const { kind, version } = write.condition as any;
    const isMet = kind === 'absent' ? !entry : kind === 'present' ? !!entry : entry?.version === version;
    if (isMet) write = { ...write, condition: undefined };
  }
`,
    ],
    [
      'gateway/src/app.ts',
      `      storage: timed,
      ids,
      partitionCount,`,
      `      storage: { ...timed, readEach: storage.readEach.bind(storage) } as any,
      ids,
      partitionCount,`,
    ],
  ),
  mutation(
    'published-again',
    'A write whose confirm did not come is published again with a new id.',
    ['native'],
    [
      'gateway/src/submit-write.ts',
      '    await publisher.publish(partition, { ...write, id, replyTo: waiter && waiters.replyTo });\n',
      `    await publisher.publish(partition, { ...write, id, replyTo: waiter && waiters.replyTo }).catch(async (error: any) => {
      if (error.code !== 'outcome-unknown') throw error;
      for (let attempt = 0; ; attempt += 1) {
        const again = ids.create(partition, Math.max(clock.now(), deps.notBefore()));
        const done = await publisher.publish(partition, { ...write, id: again, replyTo: undefined }).then(() => true, () => false);
        if (done || attempt === 20) break;
        await clock.sleep(250);
      }
      throw error;
    });
`,
    ],
  ),
  mutation(
    'two-partitions-for-a-key',
    'The operations of a key travel in two queues.',
    ['native'],
    [
      'gateway/src/submit-write.ts',
      '  const partition = partitionOf(write.key, deps.partitionCount);\n',
      `  const partition = (partitionOf(write.key, deps.partitionCount) + Math.floor(Math.random() * 2)) % deps.partitionCount;
`,
    ],
    [
      'consumer/src/held-delivery.ts',
      `        operationPartition(operation.id) !== partition ||
        (operation.action !== 'settle' && partitionOf(operation.key, partitionCount) !== partition),`,
      '        operationPartition(operation.id) !== partition,',
    ],
  ),
  mutation('versions-by-the-clock-alone', 'A version is the time of applying, whatever stands.', both, [
    'core/src/version.ts',
    '  return Math.max((previous ?? 0) + 1, floor + 1, nowMicros);',
    '  return nowMicros;',
  ]),
  mutation('no-idempotency', 'An Idempotency-Key that was used is not looked for.', both, [
    'core/src/fold.ts',
    '    if (first === undefined) {\n',
    '    if (first === undefined || first !== undefined) {\n',
  ]),
  mutation('settling-settles-nothing', 'The marker behind an unknown write records no outcome.', both, [
    'core/src/fold.ts',
    '    const record = this.#settle(operation);\n',
    "    if (operation.action === 'settle') return { kind: 'refused', operation };\n    const record = this.#settle(operation);\n",
  ]),
  mutation('applied-in-reverse', 'A batch is applied from its end to its beginning.', both, [
    'consumer/src/apply-batch.ts',
    `    const items = deliveries.flatMap(({ session, operations }) =>
      operations.map((operation) => ({ operation, session })),
    );`,
    `    const items = deliveries.flatMap(({ session, operations }) =>
      operations.map((operation) => ({ operation, session })),
    ).reverse();`,
  ]),
];
