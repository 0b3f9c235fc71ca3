import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../../bench/src/environment.ts';
import { NativeStore } from '../../bench/src/native-store.ts';
import { measureCapacity } from './measure.ts';
import { capacityReport } from './report.ts';

// Usage: npm run capacity
// Starts a native store with its default counts on a folder of its own, fills it, measures what it takes, and writes the
// figures into docs/operations.md. It takes a minute and a half, uses 127.0.0.1 only, and leaves nothing running.

const page = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));
const block = /(<!-- figures: begin\b[^>]*-->\n)[\s\S]*?(\n<!-- figures: end -->)/;
const withinMs = 300_000;

const environment = readEnvironment();
const cut = Promise.withResolvers<never>();
const tooLate = setTimeout(() => cut.reject(new Error('It took too long.')), withinMs);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cut.reject(new Error(signal)));

const dataDir = await mkdtemp(join(tmpdir(), 'stratakv-capacity-'));
try {
  const store = await NativeStore.launch(dataDir);
  try {
    const report = await Promise.race([measure(store), cut.promise]);
    const text = await readFile(page, 'utf8');
    if (!block.test(text)) throw new Error('docs/operations.md has no block for figures.');
    await writeFile(
      page,
      text.replace(block, (_, begin: string, last: string) => `${begin}\n${report}\n${last}`),
    );
  } finally {
    await store.stop();
  }
} finally {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 });
  clearTimeout(tooLate);
}

async function measure(store: NativeStore): Promise<string> {
  await store.ready();
  return capacityReport(environment, await measureCapacity(store, (line) => console.log(line)));
}
