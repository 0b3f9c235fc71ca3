import type { Exit } from './launch.ts';
import type { StackEvents, StackMember } from './stack.ts';
import type { SupervisorEvent } from './supervisor.ts';

/** Writes a line for whoever sits at the terminal, or reads the log of a store in the background. */
export type Say = (line: string) => void;

/** Tells what happens to the processes: quietly while they start, loudly when one dies. */
export function reporter(say: Say, onChange: () => void): StackEvents {
  return {
    onStarted: ({ spec, port }, seconds) => {
      say(`  ${spec.name.padEnd(16)} ready after ${seconds.toFixed(1).padStart(4)} s, port ${port}`);
      onChange();
    },
    onEvent: (member, event) => {
      say(`${new Date().toISOString()} ${member.spec.name} ${describe(member, event)}`);
      onChange();
    },
  };
}

function describe({ supervisor }: StackMember, event: SupervisorEvent): string {
  const { logFile } = supervisor.process;
  if (event.kind === 'died') {
    return `DIED (${endOf(event.exit)}); it is started again in ${event.pauseMs / 1000} s. Its log: ${logFile}`;
  }
  if (event.kind === 'ready-again') return 'is ready again';
  if (event.kind === 'not-ready-yet') return `IS NOT READY yet. Its log: ${logFile}`;
  return `COULD NOT BE STARTED: ${event.error instanceof Error ? event.error.message : String(event.error)}`;
}

function endOf({ code, signal }: Exit): string {
  return signal ?? `exit code ${code}`;
}
