import type { Patch } from '../builds/patch.ts';

/** A place in the source where a process can be made to wait, fail or end. */
export interface Place {
  readonly name: string;
  /** Kind of process that comes to it; `embedded` comes to those of all three. */
  readonly process: 'gateway' | 'storage-node' | 'consumer';
  readonly patch: Patch;
}

const at = (name: string) => `await (globalThis as any).failpoint('${name}');`;

function before(name: string, process: Place['process'], file: string, line: string): Place {
  return { name, process, patch: { file, find: line, replace: `${indentOf(line)}${at(name)}\n${line}` } };
}

function behind(name: string, process: Place['process'], file: string, line: string): Place {
  return { name, process, patch: { file, find: line, replace: `${line}${indentOf(line)}${at(name)}\n` } };
}

/**
 * Before a call of a port, as a part of it: what bounds and catches the call bounds and catches the failpoint too. It fails
 * as ports do.
 */
function within(name: string, process: Place['process'], file: string, call: string): Place {
  const failure = "(cause: unknown) => { throw new StrataError('unavailable', 'A failpoint.', { cause }); }";
  const replace = `(globalThis as any).failpoint('${name}').then(() => ${call}, ${failure})`;
  return { name, process, patch: { file, find: call, replace } };
}

function indentOf(line: string): string {
  return /^ */.exec(line)?.[0] ?? '';
}

const publisher = 'gateway/src/write-publisher.ts';
const applier = 'consumer/src/apply-batch.ts';

/** Each end of each step of the write path, and what readers and leases do beside it. */
export const places: readonly Place[] = [
  within('before-publish', 'gateway', publisher, 'this.#queue.publish(partition, operations)'),
  before('after-confirm', 'gateway', publisher, '      for (const { resolve } of message) resolve();\n'),
  before(
    'before-invalidate',
    'consumer',
    applier,
    '      marker = await this.#options.cache.invalidate(keys, marker);\n',
  ),
  behind('before-apply', 'consumer', applier, '      marker = await this.#options.cache.invalidate(keys, marker);\n'),
  behind(
    'after-commit',
    'consumer',
    applier,
    '      const result = await store.apply({ fences: fencesOf(items), operations });\n',
  ),
  before(
    'before-put',
    'consumer',
    'consumer/src/cache-updates.ts',
    "    await this.#attempt('put', () => this.#options.cache.put(keys, writes, marker));\n",
  ),
  before('before-notify', 'consumer', applier, '      await outcomes.notify(notices);\n'),
  before('before-ack', 'consumer', 'consumer/src/partition-session.ts', '      await subscription.ack(last.tag);\n'),
  before('in-transaction', 'consumer', 'adapters/sql/src/apply.ts', '  await write(session, plan);\n'),
  before(
    'before-lease-renew',
    'consumer',
    'adapters/redlock/src/redlock-lease.ts',
    '    if (await this.#extend()) return true;\n',
  ),
  within(
    'before-database-read',
    'storage-node',
    'storage-node/src/database-reads.ts',
    'reader.batchGet(batch.map((read) => read.key))',
  ),
  before(
    'after-database-read',
    'storage-node',
    'storage-node/src/database-reads.ts',
    "    metrics.databaseRead(batch.length, performance.now() - startedAt, outcome instanceof Error ? 'failed' : 'ok');\n",
  ),
  before(
    'before-fill',
    'storage-node',
    'storage-node/src/database-reads.ts',
    '    const taken = await this.#options.cache.fill(fills);\n',
  ),
];

const mains = ['gateway', 'storage-node', 'consumer', 'embedded'].map((process) => `${process}/src/main.ts`);
const runtime = new URL('./runtime.ts', import.meta.url).href;

/** Patches that put every failpoint in. @param folder that the processes are controlled by */
export function failpointPatches(folder: string): readonly Patch[] {
  const search = new URLSearchParams({ folder });
  const load = `import ${JSON.stringify(`${runtime}?${search}`)};\n`;
  // Modules are run in the order of their imports: before any that has a failpoint.
  const imports = mains.map(
    (file): Patch => ({ file, find: firstImports[file] ?? '', replace: `${load}${firstImports[file]}` }),
  );
  return [...imports, ...places.map(({ patch }) => patch)];
}

const firstImports: Readonly<Record<string, string>> = {
  'gateway/src/main.ts': "import { hostname } from 'node:os';\n",
  'storage-node/src/main.ts': "import { systemClock } from '@stratakv/adapter-in-process';\n",
  'consumer/src/main.ts': "import { randomUUID } from 'node:crypto';\n",
  'embedded/src/main.ts': 'import {\n  allocateYoung,\n',
};
