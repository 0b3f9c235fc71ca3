import type { Random } from '../../faults/random.ts';

/** The keys of a run, by what they are for. */
export interface Keys {
  /** Everybody writes them. */
  readonly hot: readonly string[];
  readonly cold: readonly string[];
  /** Only what expires is put there, so that every other key can be searched for a linearization. */
  readonly expiring: readonly string[];
  /** What lists ask for. */
  readonly prefixes: readonly string[];
}

const hotCount = 4;
const coldGroups = 4;
const coldPerGroup = 30;
const expiringCount = 12;

/** Names with what a path, a query and an order by bytes can get wrong. */
const endings = ['', ' space', '%25', 'é', '?', '+', '𝄞', '!'];

/** @param space what all of them begin with; ends with a slash */
export function keysOf(space: string): Keys {
  const groups = Array.from({ length: coldGroups }, (_, group) => `${space}cold/${group}/`);
  return {
    hot: Array.from({ length: hotCount }, (_, index) => `${space}hot/${index}`),
    cold: groups.flatMap((group) =>
      Array.from({ length: coldPerGroup }, (_, index) => `${group}${index}${endings[index % endings.length]}`),
    ),
    expiring: Array.from({ length: expiringCount }, (_, index) => `${space}expiring/${index}`),
    prefixes: [space, `${space}hot/`, `${space}expiring/`, ...groups],
  };
}

/** A key that stays: about half of the time a hot one. */
export function pickKey({ hot, cold }: Keys, random: Random): string {
  return random.pick(random.chance(0.5) ? hot : cold);
}
