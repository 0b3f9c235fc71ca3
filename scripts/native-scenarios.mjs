import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './bootstrap.mjs';
import { withCompileCache } from './child-process.mjs';
import { freePort, waitUntilServing } from './readiness.mjs';

const READY_SECONDS = 120;

/**
 * Starts a native stack with its default settings that many test files can share.
 * Resolves to `{ env, stop }`: `env` makes the test files use it, `stop()` ends it and removes its data.
 * Rejects with the stack's output when it does not serve.
 */
export async function startSharedStack(node) {
  const dataDir = mkdtempSync(join(tmpdir(), 'stratakv-native-'));
  const port = await freePort();
  const settings = { KV_DATA_DIR: dataDir, KV_PORT: `${port}`, KV_BIND: '127.0.0.1' };
  const own = Object.entries(process.env).filter(([name]) => !/^(KV_|LOG_)/.test(name));
  // It must not outlive this process, however that ends.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', node, 'native/src/main.ts'], {
    cwd: ROOT,
    env: withCompileCache({ ...Object.fromEntries(own), ...settings }),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 10 });
  };
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const obstacle = await waitUntilServing(`http://127.0.0.1:${port}`, READY_SECONDS, hasEnded);
  if (obstacle !== undefined || hasEnded()) {
    await stop();
    throw new Error(`The native stack does not serve: ${obstacle}\n${output}`);
  }
  return { env: { KV_TARGET_STACK: dataDir }, stop };
}
