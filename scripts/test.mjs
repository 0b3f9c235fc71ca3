import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { bootstrap, ROOT, runMain } from './bootstrap.mjs';
import { run, withCompileCache } from './child-process.mjs';
import { installServers } from './modes.mjs';
import { startSharedStack } from './native-scenarios.mjs';
import { TestFailures } from './test-failures.mjs';
import { findTestFiles, needsOwnStore, needsServers, wantsMachine } from './test-files.mjs';

const STAGE_LIMIT_MS = 15 * 60_000;
// Who names files may name those that take long.
const NAMED_LIMIT_MS = 90 * 60_000;
const TEST_LIMIT_MS = 2 * 60_000;
const STAGES = ['types', 'lint', 'generated', 'tests', 'native', 'faults'];
const NEED_SERVERS = ['tests', 'native', 'faults'];
const SCENARIOS = 'tests/scenarios/';
const USAGE = `Usage: npm test -- [WORD...] [--embedded] [--only=STAGE,...] [--test-...]

Runs every check of the repository: ${STAGES.join(', ')}. The stage native is ${SCENARIOS} against the whole
native stack; the stage before runs them against the embedded store, with all other tests. The last one is the fault
tour, which wants the machine for itself. What the tests need is installed.
  WORD           run only the test files whose path contains one of the words, and no other stage;
                 with KV_TARGET=native, scenarios against the native stack
  --embedded     leave out what needs more than Node.js
  --only=STAGE   run only these stages
  --test-...     passed on to Node's test runner, for example --test-name-pattern=version`;

const failures = new TestFailures();

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
  const tests = process.env.KV_TARGET === 'native' ? 'native' : 'tests';
  parsed.only ??= parsed.words.length > 0 ? [tests] : STAGES;
  if (parsed.embedded) parsed.only = parsed.only.filter((stage) => stage !== 'native' && stage !== 'faults');
  return parsed;
}

/** The files of a stage, and those that `--embedded` leaves out. */
function selectFiles({ words, embedded }, folder = '') {
  const inFolder = findTestFiles().filter((file) => file.startsWith(folder));
  const named = inFolder.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (named.length === 0) throw new UsageError(`No test file has ${words.join(' or ') || '.test.ts'} in its path.`);
  const leftOut = embedded ? named.filter((file) => needsServers(file)) : [];
  return { files: named.filter((file) => !leftOut.includes(file)), leftOut };
}

function testArguments(files, { runnerOptions }, concurrency = Math.max(2, availableParallelism())) {
  // Most test files wait for disks, timers and child processes, so one file a core keeps the cores busy.
  const common = ['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${TEST_LIMIT_MS}`];
  return [...common, ...failures.reporterOptions(runnerOptions), ...runnerOptions, ...files];
}

async function runStage(node, stage, parsed) {
  const bin = (name) => join('node_modules', '.bin', name);
  if (stage === 'types') return runLimited(node, stage, [bin('tsc'), '--project', 'tsconfig.json']);
  if (stage === 'lint') return runLimited(node, stage, [bin('biome'), 'check']);
  if (stage === 'generated') return runLimited(node, stage, ['scripts/generate.ts', '--check']);
  if (stage === 'native') return runNative(node, parsed);
  const { files } = selectFiles(parsed);
  if (stage === 'faults') return runLimited(node, stage, testArguments(files.filter(wantsMachine), parsed, 1));
  const limitMs = parsed.words.length > 0 ? NAMED_LIMIT_MS : STAGE_LIMIT_MS;
  return runLimited(node, stage, testArguments(inThisStage(files, parsed), parsed), {}, limitMs);
}

/** Files that want the machine for themselves have a stage of their own, unless they were named. */
function inThisStage(files, { words }) {
  return words.length > 0 ? files : files.filter((file) => !wantsMachine(file));
}

/** The scenarios share one stack, but for those that restart it or set it up in their own way. */
async function runNative(node, parsed) {
  const { files } = selectFiles(parsed, SCENARIOS);
  const [own, shared] = [files.filter(needsOwnStore), files.filter((file) => !needsOwnStore(file))];
  const env = { KV_TARGET: 'native' };
  const results = [];
  if (shared.length > 0) {
    const stack = await startSharedStack(node);
    try {
      results.push(await runLimited(node, 'native', testArguments(shared, parsed), { ...env, ...stack.env }));
    } finally {
      await stack.stop();
    }
  }
  if (own.length > 0 && !results.some(({ interrupted }) => interrupted)) {
    results.push(await runLimited(node, 'native', testArguments(own, parsed, 1), env));
  }
  const code = results.find((result) => result.code !== 0)?.code ?? 0;
  return { code, interrupted: results.some(({ interrupted }) => interrupted) };
}

/** Runs one command of a stage, which has to end in time. Resolves to `{ code, interrupted }`. */
async function runLimited(node, stage, args, env = {}, limitMs = STAGE_LIMIT_MS) {
  let impatience;
  const onStart = (pid) => {
    impatience = setTimeout(interrupt, limitMs, stage, pid, limitMs);
  };
  const result = await run(node, args, { cwd: ROOT, onStart, env: withCompileCache({ ...process.env, ...env }) });
  clearTimeout(impatience);
  return result;
}

// A test file that leaves a timer or a server behind never ends, and its tests' own time limits do not help.
// On SIGINT Node's test runner names the files that still run, then prints its results.
function interrupt(stage, pid, limitMs) {
  console.error(`\nThe stage ${stage} is stopped: it runs longer than ${limitMs / 60_000} minutes.`);
  process.kill(pid, 'SIGINT');
}

async function runStages(node, parsed) {
  const results = [];
  for (const stage of parsed.only) {
    if (stage === 'generated' && !existsSync(join(ROOT, 'scripts/generate.ts'))) continue;
    console.log(`\n== ${stage}`);
    const startedAt = performance.now();
    const { code, interrupted } = await runStage(node, stage, parsed);
    results.push({ stage, code, seconds: (performance.now() - startedAt) / 1000 });
    if (interrupted) break;
  }
  return results;
}

function summarize(results, parsed) {
  const failed = failures.take();
  if (failed !== '') console.log(`\n== failed\n${failed}`);
  console.log('\n== summary');
  for (const { stage, code, seconds } of results) {
    console.log(
      `${stage.padEnd(10)} ${seconds.toFixed(1).padStart(7)} s  ${code === 0 ? 'ok' : `FAILED (exit ${code})`}`,
    );
  }
  if (!parsed.embedded || !parsed.only.includes('tests')) return;
  const { leftOut } = selectFiles(parsed);
  console.log(
    `Left out: the scenarios on the native stack, the fault tour, and ${leftOut.length} test files that start servers:`,
  );
  for (const file of leftOut) console.log(`  ${file}`);
}

/** Whether a stage runs a file that starts servers. */
function wantsServers(parsed) {
  const stages = parsed.only.filter((stage) => NEED_SERVERS.includes(stage));
  if (stages.includes('native') || stages.includes('faults')) return true;
  return stages.length > 0 && selectFiles(parsed).files.some((file) => needsServers(file));
}

/** Installs the servers of the native mode, and k6, whose scripts have a test. Resolves to whether all are there. */
async function installAll(node) {
  return (await installServers(node)) === 0 && (await installServers(node, ['k6'])) === 0;
}

await runMain(async () => {
  try {
    const parsed = parseArguments(process.argv.slice(2));
    if (parsed.help) {
      console.log(USAGE);
      return 0;
    }
    const needed = wantsServers(parsed);
    const node = await bootstrap({ dev: true });
    if (needed && !(await installAll(node))) {
      console.error('\nThe tests start real servers. Without them: npm run test:embedded');
      return 1;
    }
    const results = await runStages(node, parsed);
    summarize(results, parsed);
    return results.find(({ code }) => code !== 0)?.code ?? 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
});
