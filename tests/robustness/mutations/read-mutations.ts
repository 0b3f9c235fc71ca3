import { type Mutation, mutation } from './mutation.ts';

/* Mechanisms of the read path: the protocol of the cache, and what a read waits for. */

const both = ['embedded', 'native'] as const;

export const readMutations: readonly Mutation[] = [
  mutation(
    'no-invalidation',
    'Nothing is taken out of the cache before a commit, and nothing put in after it.',
    both,
    [
      'consumer/src/cache-updates.ts',
      "    const isDone = await this.#attempt('invalidate', () => this.#options.cache.invalidate(keys, marker));\n",
      '    const isDone = true;\n',
    ],
    [
      'consumer/src/cache-updates.ts',
      "    await this.#attempt('put', () => this.#options.cache.put(keys, writes, marker));\n",
      '',
    ],
  ),
  mutation('invalidated-after-the-commit', 'The cache learns of a write only after its commit.', both, [
    'consumer/src/cache-updates.ts',
    "    const isDone = await this.#attempt('invalidate', () => this.#options.cache.invalidate(keys, marker));\n",
    '    const isDone = true;\n',
  ]),
  mutation(
    'put-without-marker',
    'What was written is put into the cache whatever stands there.',
    ['native'],
    ['adapters/redis/src/scripts.ts', '  if head == marker then\n', '  if true then\n'],
  ),
  mutation(
    'fill-without-lease',
    'What a reader found is taken into the cache whatever happened meanwhile.',
    ['native'],
    [
      'adapters/redis/src/scripts.ts',
      `  if #head == 67 and string.sub(head, 1, 1) ~= 'M' then
    local kind, leasedUntil, token, version, _, _, asOf = struct.unpack('>c1I8c20I8c14I8I8', head)
    if token == lease and leasedUntil > now and leasedUntil - now <= term then`,
      `  if true then
    local kind, leasedUntil, token, version, _, _, asOf = 'L', 0, '', 0, 0, 0, 0
    if true then`,
    ],
  ),
  mutation(
    'lease-survives-a-write',
    'A write does not void the leases of readers, and its marker keeps no fill away.',
    ['embedded'],
    [
      'adapters/in-process/src/entry-cache.ts',
      '    if (slot === undefined || pending?.lease !== lease || now >= pending.until) return false;\n    slot.pending = undefined;\n',
      '    if (slot === undefined) return false;\n',
    ],
    [
      'adapters/in-process/src/entry-cache.ts',
      '    if (held !== undefined && held.asOf >= asOf) return false;\n    if (held !== undefined && entry !== undefined && slot.version > entry.version) return false;\n',
      '',
    ],
  ),
  mutation(
    'expiry-not-checked',
    'An entry is there until somebody cleans up.',
    both,
    [
      'core/src/entry.ts',
      '  return entry.expiresAt !== undefined && entry.expiresAt <= nowMs;',
      '  return entry.expiresAt !== undefined && entry.expiresAt <= nowMs && nowMs === 0;',
    ],
    [
      'adapters/sql/src/entry-sql.ts',
      `      AND NOT is_deleted
      AND (expires_at IS NULL OR expires_at > extract(epoch FROM now()) * 1000)\``,
      '      AND NOT is_deleted`',
    ],
    [
      'adapters/sqlite/src/entry-table.ts',
      'is_deleted = 0 AND (expires_at IS NULL OR expires_at > ?)`,',
      'is_deleted = 0 AND (expires_at IS NULL OR expires_at > ? OR 1)`,',
    ],
  ),
  mutation('sync-token-not-awaited', 'A read goes on at once, whatever its Sync-Token names.', both, [
    'gateway/src/sync-wait.ts',
    '  if (tokens.length === 0) return nothingToSee;\n',
    '  if (tokens.length >= 0) return nothingToSee;\n',
  ]),
  mutation(
    'joins-an-older-read',
    'A read is answered with what a read found that was sent before it.',
    both,
    [
      'storage-node/src/database-reads.ts',
      '    const leased = mayJoinSent && lease === undefined ? this.#leased.get(key) : undefined;\n',
      '    const leased = this.#leased.get(key);\n',
    ],
    [
      'storage-node/src/database-reads.ts',
      '    for (const read of batch) if (read.lease !== undefined) this.#leased.set(read.key, read);\n',
      '    for (const read of batch) this.#leased.set(read.key, read);\n',
    ],
    [
      'storage-node/src/database-reads.ts',
      `        read.resolve({ entry: entries[index], asOf, isStored: false });
        continue;`,
      `        read.resolve({ entry: entries[index], asOf, isStored: false });
        for (const waiter of read.joined.splice(0)) waiter.resolve({ entry: entries[index], asOf, isStored: false, isCollapsed: true });
        continue;`,
    ],
    [
      'storage-node/src/database-reads.ts',
      '        if (isStored) waiter.resolve(',
      '        if (isStored || true) waiter.resolve(',
    ],
  ),
  mutation(
    'no-cache-from-the-cache',
    'A read that asks for the database is answered by the cache.',
    both,
    [
      'storage-node/src/read-entries.ts',
      '    for (const { key, level } of reads) if (!level.noCache) queries.push(this.#query(key, level));\n',
      '    for (const { key, level } of reads) queries.push(this.#query(key, level));\n',
    ],
    [
      'storage-node/src/read-entries.ts',
      "      if (read.level.noCache) pending.push(this.#pastCache(read, 'request', deadline));\n      else if (answers",
      '      if (answers',
    ],
  ),
  mutation(
    'age-from-the-fill',
    'An entry counts as read when it was stored, not when it was asked for.',
    ['native'],
    [
      'storage-node/src/database-reads.ts',
      '      fills.push({ key: read.key, lease: read.lease, entry: entries[index], asOf });\n',
      '      fills.push({ key: read.key, lease: read.lease, entry: entries[index], asOf: asOf + 3_600_000 });\n',
    ],
  ),
];
