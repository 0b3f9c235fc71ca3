import { readCommand, UsageError, usage } from './run/command-line.ts';
import { runMutations } from './run/command-mutations.ts';
import { judgeAndPrint, runOnce } from './run/command-run.ts';
import { ModeMissing } from './run/modes.ts';

const print = (text: string) => process.stdout.write(text);

async function isGreen(): Promise<boolean> {
  const command = readCommand(process.argv.slice(2));
  switch (command.kind) {
    case 'help':
      print(usage);
      return true;
    case 'judge':
      return judgeAndPrint(command.folder, print);
    case 'mutations':
      return await runMutations(command, print);
    case 'run':
      return await runOnce(command, print);
  }
}

// Without a handler a signal ends this process, but none of those that it has started.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
try {
  process.exitCode = (await isGreen()) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError || error instanceof ModeMissing)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
