import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deadLetterSettings } from '../consumer/src/dead-letters/config.ts';
import { consumerProcessSettings } from '../consumer/src/process-config.ts';
import { problemKinds } from '../core/src/errors.ts';
import { embeddedSettings } from '../embedded/src/config.ts';
import { edgeSettings, envoySettings } from '../envoy/src/settings.ts';
import { gatewayProcessSettings } from '../gateway/src/process-config.ts';
import { nativeSettings } from '../native/src/config.ts';
import { nginxSettings } from '../nginx/src/settings.ts';
import { type EnvSection, renderEnvExample } from '../service-kit/src/env-example.ts';
import type { Setting } from '../service-kit/src/setting.ts';
import { storageNodeProcessSettings } from '../storage-node/src/process-config.ts';
import { updateExamples } from '../tests/docs/run-examples.ts';

// Usage: node scripts/generate.ts [--check]
// Writes the files that follow from the code, and runs the examples of the documentation to write down their answers.
// With --check it changes nothing, runs no example (tests/docs does), and ends with 1 when a file is stale, naming each.

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MADE_BY = 'Made by `npm run gen` from';

const FILES: Readonly<Record<string, () => string>> = {
  '.env.example': envExample,
  'docs/configuration.md': configurationPage,
  'docs/problems/README.md': problemIndex,
};

/** The tables, in the order in which a reader meets them. A setting of several is told in the first. */
const TABLES: readonly EnvSection[] = [
  { title: 'Embedded mode', settings: embeddedSettings },
  { title: 'Native mode', settings: nativeSettings },
  { title: 'Gateway', settings: gatewayProcessSettings },
  { title: 'Storage node', settings: storageNodeProcessSettings },
  { title: 'Consumer', settings: consumerProcessSettings },
  { title: 'Command for dead letters', settings: deadLetterSettings },
  { title: 'Nginx and Envoy', settings: { ...nginxSettings, ...envoySettings, ...edgeSettings } },
];

const ENV_NOTES = `# Settings of StrataKV. ./start.sh reads a file .env beside it; the environment wins. Every line here is a comment, so that
# a copy changes nothing. ./start.sh native and the compose file set by themselves what the processes need of one another.

`;

function envExample(): string {
  return ENV_NOTES + renderEnvExample(TABLES);
}

function configurationPage(): string {
  const tables = TABLES.map(({ title, settings }) => {
    const rows = Object.entries(settings).map(
      ([property, row]) =>
        `| \`${row.name}\` | \`${property}\` | ${defaultOf(row)} | ${cell(row.about)} ${cell(sentence(row.form))}${secretNote(row)} |`,
    );
    return `## ${title}\n\n| variable | option | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
  });
  return `# Configuration

<!-- ${MADE_BY} the settings tables of the services. -->

Settings are environment variables; \`./start.sh\` also reads them from a file \`.env\` beside it, and the environment wins. An
empty variable counts as unset. A secret may also come from a file: \`KV_SECRET_FILE\` names one for \`KV_SECRET\`.
\`startEmbedded(options)\` takes the settings of the embedded mode by the name in the second column, with the same limits and
defaults: durations as a number in the unit named, sizes in bytes. Only \`logLevel\` has another default there: \`silent\`.

A process with a wrong setting does not start. It names all that are wrong at once, what is expected and an example, and ends
with code 2. An unknown variable that begins with \`KV_\` and is spelled almost like a known one counts as wrong.

${tables.join('\n\n')}

Fixed in this version: at most 16 KiB of request line and headers, 10 s for them to arrive and 30 s for the whole
request; 72 s for an idle connection; 60 s for \`Prefer: wait\`; 2 s for cached absence; 16 partitions when embedded.
`;
}

function problemIndex(): string {
  const rows = Object.entries(problemKinds).map(
    ([code, { status, retryable, title }]) =>
      `| [${code}](${code}.md) | ${status} | ${title} | ${retryable ? 'yes' : 'no'} |`,
  );
  return `# Problems

<!-- ${MADE_BY} core/src/errors.ts. -->

Every error of the HTTP API, as \`application/problem+json\` (RFC 9457). The last part of \`type\`,
\`urn:stratakv:problem:NAME\`, is the name of its page. \`retryable\` says whether the same request may succeed later
without being changed. \`Retry-After\` comes with the statuses 429, 503 and 507.

| problem | status | title | retryable |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function defaultOf(row: Setting<unknown>): string {
  return row.default === undefined ? 'unset' : `\`${row.default}\``;
}

function secretNote({ isSecret }: Setting<unknown>): string {
  return isSecret ? ' Secret.' : '';
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function staleFiles(): string[] {
  return Object.entries(FILES)
    .filter(([file, render]) => readIfThere(join(ROOT, file)) !== render())
    .map(([file]) => file);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function writeAll(): Promise<void> {
  const stale = staleFiles();
  for (const file of stale) writeFileSync(join(ROOT, file), FILES[file]?.() ?? '');
  for (const file of stale) console.log(`written: ${file}`);
  // Apart, as the tests run them: pages that are run together share a store.
  for (const pages of ['docs/http-api.md', 'docs/problems/*.md']) {
    const files = globSync(pages, { cwd: ROOT }).sort();
    const changed = await updateExamples(files.map((file) => join(ROOT, file)));
    for (const file of changed) console.log(`written: ${relative(ROOT, file)}`);
  }
}

if (process.argv.includes('--check')) {
  const stale = staleFiles();
  for (const file of stale) console.error(`stale: ${file}`);
  if (stale.length > 0) {
    console.error('Write them anew with: npm run gen');
    process.exitCode = 1;
  }
} else {
  await writeAll();
}
