import { type OperationIdParts, type OperationIds, StrataError } from '@stratakv/core';

const maxTokens = 100;

export const syncTokenHeader = {
  name: 'Sync-Token',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{32}(\\s*,\\s*[A-Za-z0-9_-]{32})*$' },
  description: 'Ids of writes the answer must show. Waits for their outcome, 5 s unless Prefer says otherwise.',
};

/**
 * The operations of a `Sync-Token` header: ids, separated by commas.
 *
 * @throws StrataError `invalid-sync-token` when one is not ours, or there are more than 100
 */
export function parseSyncToken(header: string | string[] | undefined, ids: OperationIds): readonly OperationIdParts[] {
  if (header === undefined) return [];
  const texts = String(header).split(',');
  if (texts.length > maxTokens) {
    throw new StrataError('invalid-sync-token', `A Sync-Token holds at most ${maxTokens} operations.`);
  }
  return texts.map((text) => {
    const parts = ids.parse(text.trim());
    if (parts === undefined) throw new StrataError('invalid-sync-token', 'A Sync-Token is what a 202 answer gave.');
    return parts;
  });
}
