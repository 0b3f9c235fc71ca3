import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { bootstrap, ROOT, runMain } from './bootstrap.mjs';
import { run } from './child-process.mjs';

// Usage: node scripts/run.mjs FILE.ts [ARGUMENT...]; FILE is relative to the repository's folder, where it also runs.
await runMain(async () => {
  const [file, ...rest] = process.argv.slice(2);
  if (file === undefined) {
    console.error('Usage: node scripts/run.mjs FILE.ts [ARGUMENT...]');
    return 2;
  }
  if (!existsSync(resolve(ROOT, file))) {
    console.error(`There is no ${file} in this version.`);
    return 2;
  }
  const node = await bootstrap({ dev: true });
  return (await run(node, [resolve(ROOT, file), ...rest], { cwd: ROOT })).code;
});
