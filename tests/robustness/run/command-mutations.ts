import { catchMutation } from '../mutations/catch-mutation.ts';
import { mutations } from '../mutations/mutations.ts';
import { type Command, UsageError } from './command-line.ts';
import { startSite } from './modes.ts';

const exampleShown = 300;

/**
 * Runs each mutation of a mode, or those that are named, and prints how it was caught.
 *
 * @returns whether each was
 * @throws UsageError for a name that is none
 */
export async function runMutations(
  { mode, names, seed }: Extract<Command, { kind: 'mutations' }>,
  print: (text: string) => void,
): Promise<boolean> {
  const known = mutations.filter(({ modes }) => modes.includes(mode));
  const strange = names.find((name) => known.every((mutation) => mutation.name !== name));
  if (strange !== undefined) throw new UsageError(`There is no mutation ${strange} of the mode ${mode}.`);
  const wanted = known.filter(({ name }) => names.length === 0 || names.includes(name));
  let isEachCaught = true;
  print(`seed ${seed}\n${'mutation'.padEnd(32)} seconds  caught by\n`);
  for (const mutation of wanted) {
    const { checks, example, seconds } = await catchMutation(mutation, () => startSite(mode, mutation), seed);
    isEachCaught &&= checks.length > 0;
    const by = checks.length === 0 ? 'NOT CAUGHT' : `${checks.join(', ')}\n    ${example?.slice(0, exampleShown)}`;
    print(`${mutation.name.padEnd(32)} ${seconds.toFixed(1).padStart(7)}  ${by}\n`);
  }
  return isEachCaught;
}
