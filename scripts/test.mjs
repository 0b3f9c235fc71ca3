import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bootstrap, ROOT, runMain } from './bootstrap.mjs';
import { run } from './child-process.mjs';

const STAGE_LIMIT_MS = 15 * 60_000;
const TEST_LIMIT_MS = 2 * 60_000;
const STAGES = ['types', 'lint', 'generated', 'tests'];
const USAGE = `Usage: npm test -- [WORD...] [--only=STAGE,...] [--test-...]

Runs every check of the repository: ${STAGES.join(', ')}.
  WORD           run only the test files whose path contains one of the words, and no other stage
  --only=STAGE   run only these stages
  --test-...     passed on to Node's test runner, for example --test-name-pattern=version`;

class UsageError extends Error {}

function parseArguments(args) {
  const parsed = { words: [], runnerOptions: [], only: undefined, embedded: false, help: false };
  for (const arg of args) {
    if (arg === '--help') parsed.help = true;
    else if (arg === '--embedded') parsed.embedded = true;
    else if (arg.startsWith('--only=')) parsed.only = arg.slice('--only='.length).split(',');
    else if (arg.startsWith('--test-')) parsed.runnerOptions.push(arg);
    else if (arg.startsWith('-')) throw new UsageError(`Unknown option: ${arg}`);
    else parsed.words.push(arg);
  }
  const unknown = parsed.only?.find((stage) => !STAGES.includes(stage));
  if (unknown !== undefined) throw new UsageError(`Unknown stage: ${unknown}`);
  parsed.only ??= parsed.words.length > 0 ? ['tests'] : STAGES;
  return parsed;
}

function findTestFiles(folder = '') {
  const found = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const skipped = entry.name === 'node_modules' || entry.name === 'dist' || entry.name.startsWith('.');
      if (!skipped && path !== 'data') found.push(...findTestFiles(path));
    } else if (entry.name.endsWith('.test.ts')) found.push(path);
  }
  return found.sort();
}

function testArguments({ words, runnerOptions }) {
  const files = findTestFiles().filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (files.length === 0) throw new UsageError(`No test file has ${words.join(' or ') || '.test.ts'} in its path.`);
  // Most test files wait for disks, timers and child processes, so one file a core keeps the cores busy.
  const concurrency = `--test-concurrency=${Math.max(2, availableParallelism())}`;
  return ['--test', concurrency, `--test-timeout=${TEST_LIMIT_MS}`, ...runnerOptions, ...files];
}

function argumentsOf(stage, parsed) {
  const bin = (name) => join('node_modules', '.bin', name);
  if (stage === 'types') return [bin('tsc'), '--project', 'tsconfig.json'];
  if (stage === 'lint') return [bin('biome'), 'check'];
  if (stage === 'generated') return ['scripts/generate.ts', '--check'];
  return testArguments(parsed);
}

// A test file that leaves a timer or a server behind never ends, and its tests' own time limits do not help.
// On SIGINT Node's test runner names the files that still run, then prints its results.
function interrupt(stage, pid) {
  console.error(`\nThe stage ${stage} is stopped: it runs longer than ${STAGE_LIMIT_MS / 60_000} minutes.`);
  process.kill(pid, 'SIGINT');
}

async function runStages(node, parsed) {
  const results = [];
  for (const stage of parsed.only) {
    if (stage === 'generated' && !existsSync(join(ROOT, 'scripts/generate.ts'))) continue;
    console.log(`\n== ${stage}`);
    const startedAt = performance.now();
    let impatience;
    const onStart = (pid) => {
      impatience = setTimeout(interrupt, STAGE_LIMIT_MS, stage, pid);
    };
    const { code, interrupted } = await run(node, argumentsOf(stage, parsed), { cwd: ROOT, onStart });
    clearTimeout(impatience);
    results.push({ stage, code, seconds: (performance.now() - startedAt) / 1000 });
    if (interrupted) break;
  }
  return results;
}

function summarize(results, embedded) {
  console.log('\n== summary');
  for (const { stage, code, seconds } of results) {
    console.log(
      `${stage.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s  ${code === 0 ? 'ok' : `FAILED (exit ${code})`}`,
    );
  }
  if (embedded) console.log('Left out: nothing. Every test of this version needs only Node.');
}

await runMain(async () => {
  try {
    const parsed = parseArguments(process.argv.slice(2));
    if (parsed.help) {
      console.log(USAGE);
      return 0;
    }
    if (parsed.only.includes('tests')) testArguments(parsed);
    const results = await runStages(await bootstrap({ dev: true }), parsed);
    summarize(results, parsed.embedded);
    return results.find(({ code }) => code !== 0)?.code ?? 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
});
