import {
  type Key,
  type OperationIdParts,
  type OperationIds,
  type OperationRecord,
  StrataError,
  type Version,
} from '@stratakv/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseWait } from './headers/prefer.ts';
import { parseSyncToken } from './headers/sync-token.ts';
import type { OperationLog } from './operation-log.ts';
import { operationPath } from './receipt.ts';

/** How long a read with a Sync-Token waits when it does not say, seconds. */
const defaultWaitSeconds = 5;

const nothingToSee: ReadonlyMap<Key, Version> = new Map();

/**
 * Does what the `Sync-Token` of a read asks for, within its `Prefer: wait`; says so in `Preference-Applied`.
 *
 * @returns for each key its writes changed, the least version the answer may show
 * @throws StrataError `invalid-sync-token`; `not-yet-visible`
 */
export async function awaitSyncToken(
  { log, ids }: { readonly log: OperationLog; readonly ids: OperationIds },
  { headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<ReadonlyMap<Key, Version>> {
  const tokens = parseSyncToken(headers['sync-token'], ids);
  if (tokens.length === 0) return nothingToSee;
  const waitSeconds = parseWait(headers.prefer);
  const least = await awaitWrites(tokens, log, (waitSeconds ?? defaultWaitSeconds) * 1000);
  if (waitSeconds !== undefined) reply.header('preference-applied', `wait=${waitSeconds}`);
  return least;
}

async function awaitWrites(
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

/** The outcome of a write; undefined when it has left the log: it had one long ago. */
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
