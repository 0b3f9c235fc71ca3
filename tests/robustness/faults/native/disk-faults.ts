import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { smallDiskNeeds } from '../../sites/small-disk.ts';
import { type NativeFault, wellWithinMs } from './native-fault.ts';
import { putOwn, removeOwn } from './own-client.ts';

const valueBytes = 512 * 1024;
const refusedWithinMs = 30_000;
const fullForMs = 4_000;

/** There is no room left where the database writes. */
const databaseDiskFull: NativeFault = {
  name: 'fill the disk of the database',
  part: 'database',
  mayStaleCache: false,
  // Without room for its log it ends, and tries to start again and again.
  mayFailDatabase: true,
  run: async (site, onBegun) => {
    const { disk } = site;
    if (disk === undefined)
      throw new Error(`the disk of the database cannot be filled here; it takes ${smallDiskNeeds}`);
    const { logFile } = site.stack.process('postgres');
    const saidBefore = statSync(logFile).size;
    onBegun();
    disk.fill();
    try {
      const deadline = Date.now() + refusedWithinMs;
      for (
        let number = 0;
        !readFileSync(logFile).subarray(saidBefore).includes('No space left on device');
        number += 1
      ) {
        if (Date.now() > deadline) throw new Error('the database never lacked room');
        await putOwn(site.url, 'large', `${number}`.padEnd(valueBytes, 'x'));
        await sleep(100);
      }
      await sleep(fullForMs);
    } finally {
      disk.free();
    }
    await site.isWell(wellWithinMs);
    await removeOwn(site.url, 'large');
  },
};

export const diskFaults: readonly NativeFault[] = [databaseDiskFull];
