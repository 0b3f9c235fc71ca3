import { startNativeSite } from '../sites/native-site.ts';
import { storageClockFaults } from './native/clock-faults.ts';
import { LightTraffic } from './native/light-traffic.ts';
import { nativeFaults } from './native-faults.ts';

/*
 * Usage: node tests/robustness/faults/try.ts NAME...
 * Runs faults of the native stack one after another, under a few writes and reads a second, and tells for each when it had
 * happened, how long it took until the store was well, and what clients saw meanwhile. A NAME is a part of one;
 * `--list` names them all. Ends with 1 when one did not happen, or the store did not recover.
 */

const say = (line: string) => process.stdout.write(`${line}\n`);
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const words = process.argv.slice(2);
const all = [...nativeFaults, ...storageClockFaults];
const chosen = words.flatMap((word) => {
  const found = all.filter(({ name }) => name === word);
  return found.length > 0 ? found : all.filter(({ name }) => name.includes(word));
});

// Whoever stops this stops what it has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

if (words.includes('--list') || chosen.length === 0) {
  for (const { name } of all) say(name);
  process.exitCode = words.includes('--list') ? 0 : 2;
} else await tryAll();

async function tryAll(): Promise<void> {
  const site = await startNativeSite();
  const traffic = new LightTraffic(site.url);
  try {
    for (const fault of chosen) {
      let begunAt = Date.now();
      traffic.takeAnswers();
      try {
        await fault.run(site, () => {
          begunAt = Date.now();
        });
        say(`${fault.name}: well after ${seconds(Date.now() - begunAt)}; ${traffic.takeAnswers()}`);
      } catch (error) {
        process.exitCode = 1;
        say(`${fault.name}: FAILED after ${seconds(Date.now() - begunAt)}: ${String(error)}; ${traffic.takeAnswers()}`);
        await site.isWell(120_000);
      }
    }
  } finally {
    await traffic.end();
    await site.close();
  }
}
