import { catchMutation } from '../mutations/catch-mutation.ts';
import { mutations } from '../mutations/mutations.ts';
import type { Mode } from './run-settings.ts';

/**
 * Runs each mutation of a mode, or those that are named, and prints how it was caught.
 *
 * @returns whether each was
 * @throws Error for a name that is none
 */
export async function runMutations(
  mode: Mode,
  names: readonly string[],
  seed: number,
  print: (text: string) => void,
): Promise<boolean> {
  const known = mutations.filter(({ modes }) => modes.includes(mode));
  const strange = names.find((name) => known.every((mutation) => mutation.name !== name));
  if (strange !== undefined) throw new Error(`There is no mutation ${strange} of the mode ${mode}.`);
  const wanted = known.filter(({ name }) => names.length === 0 || names.includes(name));
  let isEachCaught = true;
  print(`${'mutation'.padEnd(32)} seconds  caught by\n`);
  for (const mutation of wanted) {
    const { checks, example, seconds } = await catchMutation(mutation, mode, seed);
    isEachCaught &&= checks.length > 0;
    const by = checks.length === 0 ? 'NOT CAUGHT' : `${checks.join(', ')}\n${' '.repeat(42)}${example?.slice(0, 300)}`;
    print(`${mutation.name.padEnd(32)} ${seconds.toFixed(1).padStart(7)}  ${by}\n`);
  }
  return isEachCaught;
}
