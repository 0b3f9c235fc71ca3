import { join } from 'node:path';
import { bootstrap, ROOT } from './bootstrap.mjs';
import { run } from './child-process.mjs';
import { compose } from './docker-store.mjs';
import { findRunning, modeOf } from './running-store.mjs';

const PROGRAM = 'consumer/src/dead-letters/main.ts';

/** Lists, replays or discards the dead letters of the store that runs. Resolves to the exit code. */
export async function runDeadLetters(words, { dataDir, env }) {
  const store = findRunning(dataDir);
  if (store?.mode === 'native') {
    const node = await bootstrap({ dev: false });
    const secrets = { KV_RABBITMQ_URL_FILE: join(dataDir, 'secrets', 'rabbitmq-urls') };
    return (
      await run(node, [PROGRAM, ...words], { cwd: ROOT, env: { KV_PUBLIC_URL: store.origin, ...secrets, ...env } })
    ).code;
  }
  if (modeOf(dataDir) === 'docker') {
    // From inside, past the edge: the name of the service stands for all gateways.
    const inside = ['--env', 'KV_PUBLIC_URL=http://gateway:8083', 'consumer', 'node', PROGRAM];
    return (await compose(['exec', ...inside, ...words], env)).code;
  }
  console.error(
    store
      ? 'The embedded mode has no queue of dead letters to look at.'
      : 'No store runs. Dead letters are in its queue: start it first.',
  );
  return 1;
}
