import type { Patch } from '../builds/patch.ts';

const plan = 'native/src/plan-services.ts';
const client = 'adapters/redis/src/client.ts';
const firstImport = "import { fileURLToPath } from 'node:url';\n";
const told = '        ...onlyKnown(told, settings),\n';
const updates = '    updateSentinels: false,\n';
const database = "    timezone: 'UTC',\n";

/**
 * Patches that lead each service through proxies of its own to whatever it talks to. Which Redis is the master Sentinels
 * tell, with the port it has itself; the client of the cache then takes the proxy's.
 *
 * @param routes file of `Routes`
 */
export function detourPatches(routes: string): readonly Patch[] {
  const detour = new URL('./detour.ts', import.meta.url);
  detour.search = `${new URLSearchParams({ routes })}`;
  const load = `import { added, detour } from ${JSON.stringify(detour.href)};\n`;
  return [
    { file: plan, find: firstImport, replace: `${firstImport}${load}` },
    {
      file: plan,
      find: told,
      replace: `        ...onlyKnown(await detour(name, told, ports), settings),
        ...(await added(name, ports)),
`,
    },
    {
      file: client,
      find: updates,
      replace: `${updates}    natMap: JSON.parse(process.env.ROBUSTNESS_NAT_MAP ?? '{}'),\n`,
    },
    // Its log may not take more than there is room for on the small disk of a site.
    {
      file: 'native/src/servers/postgres.ts',
      find: database,
      replace: `${database}    max_wal_size: '128MB',\n    min_wal_size: '64MB',\n`,
    },
  ];
}
