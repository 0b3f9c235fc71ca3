import { number } from '../report/table.ts';
import { runLoadCommand, withStore } from '../store-under-load.ts';
import { UsageError } from '../usage-error.ts';
import { type QuickCommand, quickLoads, readArguments, usage } from './arguments.ts';
import { connections, type LoadFigures, loads, runLoad } from './load.ts';

// Usage: npm run load -- [get|put|wait|mixed…] [--url URL] [--duration TIME]

const entries = 32 * connections;
const columns = [36, 10, 9, 9, 9] as const;
const tell = (line: string) => console.error(line);

try {
  const command = readArguments(process.argv.slice(2));
  if (command === 'help') process.stdout.write(usage);
  else process.exitCode = await runLoadCommand((signal) => runQuick(command, signal));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function runQuick({ url, words, seconds }: QuickCommand, signal: AbortSignal): Promise<number> {
  await withStore({ url, signal, tell }, async (store) => {
    await runLoad(store, loads.waitedPut, entries);
    try {
      tell(`${entries} entries, ${connections} connections, ${seconds} s for each load. Every answer is checked.\n`);
      print(['', 'a second', 'p50, ms', 'p99', 'max']);
      for (const word of words) {
        signal.throwIfAborted();
        const load = loads[quickLoads[word]];
        print(cellsOf(load.name, await runLoad(store, load, entries, seconds)));
      }
    } finally {
      if (url !== undefined) await runLoad(store, loads.delete, entries);
    }
  });
  return 0;
}

function cellsOf(name: string, { rate, p50, p99, max }: LoadFigures): readonly string[] {
  return [name.replaceAll('`', ''), ...[rate, p50, p99, max].map(number)];
}

function print(cells: readonly string[]): void {
  const padded = cells.map((cell, at) => (at === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[at] ?? 0)));
  console.log(padded.join(''));
}
