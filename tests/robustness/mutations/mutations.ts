import type { Mutation } from './mutation.ts';
import { readMutations } from './read-mutations.ts';
import { writeMutations } from './write-mutations.ts';

/** Every one of them is to be caught by a run. */
export const mutations: readonly Mutation[] = [...writeMutations, ...readMutations];
