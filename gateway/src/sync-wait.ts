import { type Key, type OperationIdParts, type OperationRecord, StrataError, type Version } from '@stratakv/core';
import type { OperationLog } from './operation-log.ts';
import { operationPath } from './receipt.ts';

/** How long a read with a Sync-Token waits when it does not say, seconds. */
export const defaultSyncWaitSeconds = 5;

/**
 * Waits until the writes of a Sync-Token have an outcome. One that has left the log had its outcome long ago.
 *
 * @returns for each key they changed, the least version a read may now show
 * @throws StrataError `not-yet-visible` when one has none within `waitMs`
 */
export async function awaitWrites(
  tokens: readonly OperationIdParts[],
  log: OperationLog,
  waitMs: number,
): Promise<ReadonlyMap<Key, Version>> {
  const least = new Map<Key, Version>();
  for (const known of await Promise.all(tokens.map((parts) => settled(parts, log, waitMs)))) {
    if (known === undefined || known.key === undefined || known.outcome.status !== 'applied') continue;
    const { version } = known.outcome;
    if (version !== undefined && version > (least.get(known.key) ?? 0)) least.set(known.key, version);
  }
  return least;
}

async function settled(
  parts: OperationIdParts,
  log: OperationLog,
  waitMs: number,
): Promise<OperationRecord | undefined> {
  const known = await log.find(parts, waitMs);
  if (known === 'gone') return undefined;
  if (known !== 'queued') return known;
  const extensions = { operation: operationPath(parts.id), retryAfterSeconds: 1 };
  throw new StrataError('not-yet-visible', 'The write of the Sync-Token has not been applied yet.', { extensions });
}
