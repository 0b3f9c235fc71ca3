import type { Call, ListRequest, Page } from '../history/call.ts';

/** A page that was answered. */
export interface Listing {
  readonly call: Call<ListRequest>;
  readonly page: Page;
}

/**
 * Which keys a page has to show if they exist, and under which name: their own, or that of the prefix they are folded
 * into. A cursor is opaque and a page may end before its limit, so of a page in the middle only what lies between the
 * first and the last of its names is certainly of its range.
 */
export function rangeOf({ call, page }: Listing): (key: string) => string | undefined {
  const { prefix, delimiter, cursor } = call.request;
  const names = [...page.entries.map(({ key }) => key), ...(page.prefixes ?? [])].map((name) => Buffer.from(name));
  const inOrder = names.toSorted(Buffer.compare);
  const [first, last] = [inOrder[0], inOrder.at(-1)];
  const hasBegin = cursor === undefined;
  const hasEnd = page.next === undefined;
  return (key) => {
    if (!key.startsWith(prefix)) return undefined;
    const name = nameOf(key, prefix, delimiter);
    const bytes = Buffer.from(name);
    const isAfterBegin = hasBegin || (first !== undefined && Buffer.compare(bytes, first) >= 0);
    const isBeforeEnd = hasEnd || (last !== undefined && Buffer.compare(bytes, last) <= 0);
    return isAfterBegin && isBeforeEnd ? name : undefined;
  };
}

function nameOf(key: string, prefix: string, delimiter: string | undefined): string {
  if (delimiter === undefined) return key;
  const at = key.indexOf(delimiter, prefix.length);
  return at === -1 ? key : key.slice(0, at + delimiter.length);
}

/** The lists of which all pages were answered, each from its first page to its last. */
export function walksOf(listings: readonly Listing[]): readonly (readonly Listing[])[] {
  const byCursor = Map.groupBy(listings, ({ call }) => walkStep(call, call.request.cursor));
  return listings.flatMap((first) => {
    if (first.call.request.cursor !== undefined) return [];
    const walk = [first];
    for (let page = first; page.page.next !== undefined; ) {
      const { call, page: shown }: Listing = page;
      const following = byCursor.get(walkStep(call, shown.next)) ?? [];
      const next = following.find((one) => one.call.startedAt >= call.endedAt && !walk.includes(one));
      if (next === undefined) return [];
      walk.push(next);
      page = next;
    }
    return [walk];
  });
}

/** Names the next page of a walk: cursors alone may be the same in walks of different clients. */
function walkStep({ client, request }: Call<ListRequest>, cursor: string | undefined): string {
  return JSON.stringify([client, request.prefix, request.delimiter, cursor]);
}
