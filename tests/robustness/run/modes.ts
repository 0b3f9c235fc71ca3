import { embeddedFaults } from '../faults/embedded-faults.ts';
import type { Fault } from '../faults/fault.ts';
import type { Mutation } from '../mutations/mutation.ts';
import { EmbeddedSite } from '../sites/embedded-site.ts';
import type { Site } from '../sites/site.ts';
import type { Mode } from './run-settings.ts';

/** A mode is not there. */
export class ModeMissing extends Error {}

/* What is different from mode to mode, in one place: the store, and what can go wrong with it. */

/** Starts a store of a mode. Resolves when it is ready. */
export function startSite(mode: Mode, mutation?: Mutation): Promise<Site> {
  switch (mode) {
    case 'embedded':
      return EmbeddedSite.start(mutation);
    case 'native':
      // Here goes startNativeSite(mutation).
      throw new ModeMissing('There are no runs of the native mode in this version.');
  }
}

/** What can be made to go wrong with the store of a mode. */
export function faultsOf(mode: Mode): readonly Fault[] {
  switch (mode) {
    case 'embedded':
      return embeddedFaults;
    case 'native':
      return [];
  }
}
