import { readdirSync, readFileSync } from 'node:fs';

/**
 * Sends a signal to a process, to all that descend from it, and to its process group: PostgreSQL gives each of its
 * backends a session of its own, which a signal to the group does not reach. Processes that are gone are passed over.
 *
 * @throws RangeError for 0 and 1, from which everything descends
 */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  if (!(pid > 1)) throw new RangeError(`${pid} is not a process to send ${signal} to`);
  const descendants = descendantsOf(pid);
  signalGroup(pid, signal);
  for (const each of [pid, ...descendants]) send(each, signal);
}

/** What a dead leader left in its group. A group's number is not given to a new process while the group has members. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (!(pid > 1)) throw new RangeError(`${pid} is not a process group to send ${signal} to`);
  send(-pid, signal);
}

/** Ids of the living processes that descend from `pid`, in no order. */
export function descendantsOf(pid: number): readonly number[] {
  const childrenOf = Map.groupBy(processes(), ({ parent }) => parent);
  const found: number[] = [];
  const queue = [pid];
  for (const parent of queue) {
    for (const child of childrenOf.get(parent) ?? []) {
      found.push(child.pid);
      queue.push(child.pid);
    }
  }
  return found;
}

/** A process that is told from a later one with the same number. */
export interface KnownProcess {
  readonly pid: number;
  readonly identity: string | undefined;
}

/** A process and all that descend from it. */
export function familyOf(pid: number): readonly KnownProcess[] {
  return [pid, ...descendantsOf(pid)].map((each) => ({ pid: each, identity: processIdentity(each) }));
}

/** Whether it still is the process it was. */
export function isThere({ pid, identity }: KnownProcess): boolean {
  return identity !== undefined && processIdentity(pid) === identity;
}

/** A text that tells a living process from any other with its number, before or after, as scripts/process-identity.mjs does. */
export function processIdentity(pid: number): string | undefined {
  const [state, , , , , , , , , , , , , , , , , , , startTicks] = fieldsOf(`${pid}`);
  if (startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${startTicks}`;
}

function* processes(): Generator<{ readonly pid: number; readonly parent: number }> {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [state, parent] = fieldsOf(name);
    if (state !== undefined && state !== 'Z') yield { pid: Number(name), parent: Number(parent) };
  }
}

/** State, parent and so on, as in proc(5) from the third field; empty when there is no such process. */
function fieldsOf(pid: string): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The program's name is in brackets and may itself hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
