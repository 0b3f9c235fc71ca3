import type { Patch } from '../builds/patch.ts';

/** One safety mechanism taken away. */
export interface Mutation {
  readonly name: string;
  /** What is missing then, one sentence. */
  readonly about: string;
  readonly patches: readonly Patch[];
  /** The modes in which it makes a difference. */
  readonly modes: readonly ('embedded' | 'native')[];
}

/** A mutation of one place. */
export function mutation(
  name: string,
  about: string,
  modes: Mutation['modes'],
  ...patches: readonly (readonly [file: string, find: string, replace: string])[]
): Mutation {
  return { name, about, modes, patches: patches.map(([file, find, replace]) => ({ file, find, replace })) };
}
