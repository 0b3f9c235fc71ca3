import { readdirSync, readFileSync } from 'node:fs';

/** For each process, itself and all that descend from it. One look at /proc for all of them. */
export function familiesOf(pids: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const childrenOf = readChildren();
  return new Map(pids.map((pid) => [pid, familyOf(pid, childrenOf)]));
}

function familyOf(pid: number, childrenOf: ReadonlyMap<number, readonly number[]>): readonly number[] {
  const family = [pid];
  for (const each of family) family.push(...(childrenOf.get(each) ?? []));
  return family;
}

function readChildren(): Map<number, number[]> {
  const childrenOf = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent === undefined) continue;
    const children = childrenOf.get(parent);
    if (children === undefined) childrenOf.set(parent, [Number(name)]);
    else children.push(Number(name));
  }
  return childrenOf;
}

/** Undefined for one that has ended since it was listed. */
function parentOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name may hold spaces; what follows its bracket does not: the state and the parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ', 2)[1]);
  } catch {
    return undefined;
  }
}
