import { type OperationId, type ScanQuery, type Storage, StrataError } from '@stratakv/core';

/** What a gateway asks besides single entries, whose reads carry their own deadline. */
export type TimedStorage = Pick<Storage, 'scan' | 'operations' | 'fingerprint'>;

/**
 * The storage, each call of which ends within `timeoutMs`: a disk or a node that hangs must not keep requests for ever.
 * A call that does not, rejects with StrataError `unavailable`.
 */
export function withTimeout(storage: TimedStorage, timeoutMs: number): TimedStorage {
  return {
    scan: (query: ScanQuery) => within(timeoutMs, storage.scan(query)),
    operations: (ids: readonly OperationId[]) => within(timeoutMs, storage.operations(ids)),
    fingerprint: (identity: string) => within(timeoutMs, storage.fingerprint(identity)),
  };
}

async function within<T>(timeoutMs: number, answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new StrataError('unavailable', 'The storage did not answer in time.')),
    timeoutMs,
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
