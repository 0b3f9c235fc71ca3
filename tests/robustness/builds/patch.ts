/** A change of one place in the source. */
export interface Patch {
  /** Relative to the repository's folder. */
  readonly file: string;
  /** Text that is in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/**
 * Applies patches of one file to its text.
 *
 * @throws Error when the text of one is not there, or more than once: the source has changed, and the patch with it
 */
export function applyPatches(source: string, patches: readonly Patch[]): string {
  return patches.reduce((text, { file, find, replace }) => {
    const count = text.split(find).length - 1;
    if (count !== 1) throw new Error(`${file} has this text ${count} times instead of once:\n${find}`);
    return text.replace(find, () => replace);
  }, source);
}
