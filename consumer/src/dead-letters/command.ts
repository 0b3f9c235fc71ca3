import type { DeadLetter, QueuedOperation } from '@stratakv/core';
import { letterName } from './letter-name.ts';
import { ReplayFailed, replayOperations } from './replay.ts';

/** A dead letter as the queue keeps it. */
export interface KeptLetter extends DeadLetter {
  /** Milliseconds since 1970; undefined when the broker set it aside. */
  readonly setAsideAt: number | undefined;
  /** What it holds; undefined: it cannot be read. */
  readonly operations: readonly QueuedOperation[] | undefined;
  remove(): Promise<void>;
}

export interface CommandDeps {
  /** All dead letters, the oldest first. What is not removed stays. */
  readonly letters: AsyncIterable<KeptLetter>;
  /** Of the store, for replay. */
  readonly origin: string;
  readonly print: (line: string) => void;
}

export const usage = `Usage: dead-letters list               what was set aside, oldest first
       dead-letters replay all|NAME…   send the writes again, as new operations; a letter goes when all of it is settled
       dead-letters discard all|NAME…  remove for good

NAME is the first column of the list. A letter that cannot be read can only be discarded.`;

/** Runs one command. Returns the exit code: 0 done, 1 not all of it could be done, 2 wrong words. */
export async function runDeadLetters(args: readonly string[], deps: CommandDeps): Promise<number> {
  const [verb, ...names] = args;
  const isSelective = verb === 'replay' || verb === 'discard';
  if (!(verb === 'list' && names.length === 0) && !(isSelective && names.length > 0)) {
    deps.print(usage);
    return 2;
  }
  const wanted = new Set(names);
  let count = 0;
  let failures = 0;
  for await (const letter of deps.letters) {
    const name = letterName(letter.body);
    const isWanted = wanted.has('all') || wanted.delete(name);
    if (verb === 'list') deps.print(describe(name, letter));
    else if (isWanted) failures += (await (verb === 'replay' ? replay : discard)(name, letter, deps)) ? 0 : 1;
    else continue;
    count += 1;
  }
  wanted.delete('all');
  for (const name of wanted) deps.print(`${name}  there is no such dead letter`);
  if (count === 0 && wanted.size === 0) deps.print('There are no dead letters.');
  return failures + wanted.size > 0 ? 1 : 0;
}

async function replay(name: string, letter: KeptLetter, { origin, print }: CommandDeps): Promise<boolean> {
  if (letter.operations === undefined) {
    print(`${name}  cannot be read, so it cannot be replayed; it stays`);
    return false;
  }
  try {
    for await (const { id, key, status } of replayOperations(origin, letter.operations)) {
      print(`${name}  ${id}  ${JSON.stringify(key)}  ${status}`);
    }
  } catch (error) {
    if (!(error instanceof ReplayFailed)) throw error;
    print(`${name}  ${error.message} It stays; give the command again.`);
    return false;
  }
  await letter.remove();
  print(`${name}  replayed`);
  return true;
}

async function discard(name: string, letter: KeptLetter, { print }: CommandDeps): Promise<boolean> {
  await letter.remove();
  print(`${name}  discarded`);
  return true;
}

function describe(name: string, { setAsideAt, partition, reason, operations, ids }: KeptLetter): string {
  const at = setAsideAt === undefined ? 'unknown time' : new Date(setAsideAt).toISOString();
  const writes = operations?.flatMap((each) =>
    each.action === 'settle' ? [] : [`${each.action} ${JSON.stringify(each.key)} (${each.id})`],
  );
  const what = writes === undefined ? `not readable; ids: ${ids.join(', ') || 'none'}` : writes.join(', ');
  return `${name}  ${at}  partition ${partition}  ${reason}  ${what}`;
}
