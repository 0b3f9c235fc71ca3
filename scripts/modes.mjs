import { bootstrap, ROOT } from './bootstrap.mjs';
import { run } from './child-process.mjs';
import { withLock } from './install-lock.mjs';

/**
 * The modes that are one process, which may have started others.
 *
 * `main`: its program. `prepare(node)`: what has to be done first; resolves to an exit code. `readySeconds` and
 * `stopSeconds`: how long it may take. `keepsNote`: it writes run/MODE.json by itself. `tellsProgress`: what it prints
 * while it starts is worth showing also when it starts in the background.
 */
export const PROCESS_MODES = {
  embedded: {
    main: 'embedded/src/main.ts',
    prepare: async () => 0,
    readySeconds: 60,
    stopSeconds: 15,
    keepsNote: false,
    tellsProgress: false,
  },
  native: {
    main: 'native/src/main.ts',
    prepare: installServers,
    readySeconds: 180,
    stopSeconds: 75,
    keepsNote: true,
    tellsProgress: true,
  },
};

/**
 * Installs what is missing of the native mode's programs, or of those named. Resolves to the exit code: 0 when all are
 * there; else what is missing, and the command that installs it, was printed.
 */
export function installServers(node, programs = []) {
  const wait = () => console.log('Another process is installing programs; waiting for it…');
  return withLock(`${ROOT}/.tools/install-servers.lock`, wait, async (shareWith) => {
    const args = ['native/src/install/main.ts', ...programs];
    return (await run(node, args, { cwd: ROOT, onStart: shareWith })).code;
  });
}

/** Installs the dependencies of a mode and what it needs besides. Resolves to `{ node }`, or `{ code }` when it cannot be started. */
export async function prepareMode(mode) {
  const node = await bootstrap({ dev: false });
  const code = await PROCESS_MODES[mode].prepare(node);
  return code === 0 ? { node } : { code };
}
