/** How much goes over the wire in one call, either way, unless it is a single thing. */
const maxBytes = 4 * 1024 * 1024;
/** What a script is given at once, so that it holds others up for a few milliseconds at most. */
const maxCount = 1000;

/** Cuts a list into groups of bounded size, in order. One group, nearly always. */
export function inGroups<Item>(items: readonly Item[], bytesOf: (item: Item) => number): Item[][] {
  const groups: Item[][] = [];
  let group: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const more = bytesOf(item);
    if (group.length > 0 && (bytes + more > maxBytes || group.length === maxCount)) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(item);
    bytes += more;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}
