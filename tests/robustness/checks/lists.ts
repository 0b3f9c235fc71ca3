import { answerOf, type Call, callsOf, type ListRequest, type Page } from '../history/call.ts';
import { Ledger } from './ledger.ts';
import { type Listing, rangeOf, walksOf } from './list-range.ts';
import type { Check, Violation } from './report.ts';
import { type State, Timelines } from './timeline.ts';

/*
 * A page is one snapshot of the database, taken during the call: sorted, without a key twice, each key at a version that
 * it had at that moment, the same moment for all. A key that certainly existed from the start of the call to its end, and
 * is of the page's range, is on it. Over the pages of a walk a key that existed all the time is listed once.
 */

interface Listed {
  readonly ledger: Ledger;
  readonly timelines: Timelines;
  readonly keys: readonly string[];
}

export const checkLists: Check = (history, final, { skewMs }) => {
  const ledger = new Ledger(history, final);
  const listed: Listed = { ledger, timelines: new Timelines(ledger, skewMs), keys: [...ledger.keys] };
  const pages = callsOf(history.calls, 'list').flatMap((call) => {
    const page = answerOf(call)?.page;
    return page === undefined ? [] : [{ call, page }];
  });
  const walks = walksOf(pages);
  const violations = [
    ...pages.flatMap((listing) => [
      ...checkShape(listing),
      ...checkSnapshot(listed, listing),
      ...checkPresent(listed, listing),
    ]),
    ...walks.flatMap((walk) => checkWalk(listed, walk)),
  ];
  const entries = pages.reduce((sum, { page }) => sum + page.entries.length, 0);
  return { name: 'lists', violations, counts: { pages: pages.length, entries, walks: walks.length } };
};

function checkShape({ call, page }: Listing): Violation[] {
  const { prefix, delimiter, limit } = call.request;
  const keys = page.entries.map(({ key }) => key);
  const prefixes = page.prefixes ?? [];
  const violations: Violation[] = [];
  if (!isSorted(keys)) violations.push(violation(call, 'The entries of a page are not in the order of their bytes.'));
  if (!isSorted(prefixes))
    violations.push(violation(call, 'The prefixes of a page are not in the order of their bytes.'));
  const foreign = [...keys, ...prefixes].find((key) => !key.startsWith(prefix));
  if (foreign !== undefined) violations.push(violation(call, `It lists ${foreign}, which is not of its prefix.`));
  const unfolded = keys.find((key) => delimiter !== undefined && key.slice(prefix.length).includes(delimiter));
  if (unfolded !== undefined) violations.push(violation(call, `It lists ${unfolded}, which it should have folded.`));
  if (limit !== undefined && keys.length + prefixes.length > limit) {
    violations.push(violation(call, `It lists ${keys.length + prefixes.length} names, the limit is ${limit}.`));
  }
  return violations;
}

/** Strictly, so that nothing is there twice. By UTF-8 bytes, which is not the order of JavaScript's strings. */
function isSorted(texts: readonly string[]): boolean {
  return texts.every((text, index) => {
    const before = texts[index - 1];
    return before === undefined || Buffer.compare(Buffer.from(before), Buffer.from(text)) < 0;
  });
}

/** The moment of the page is not before any of its versions was sent, nor after one was known to be replaced. */
function checkSnapshot({ ledger, timelines }: Listed, { call, page }: Listing): Violation[] {
  let latestStart = { at: call.startedAt, key: '', calls: [] as readonly number[] };
  let earliestEnd = { at: call.endedAt, key: '', calls: [] as readonly number[] };
  const violations: Violation[] = [];
  for (const { key, version } of page.entries) {
    const [state, next] = stateAndNext(timelines, key, version);
    if (state === undefined || !state.isPresent) {
      // Without the whole log the version may be that of a write that nobody was answered.
      const mayBeReal = ledger.writesOf(key).some((write) => write.action === 'put' && ledger.mayHaveLanded(write));
      if (!mayBeReal) violations.push(violation(call, `It lists ${key} at version ${version}, which was never real.`));
      continue;
    }
    if (state.from > latestStart.at) latestStart = { at: state.from, key, calls: state.calls };
    if (next !== undefined && next.reachedBy < earliestEnd.at) {
      earliestEnd = { at: next.reachedBy, key, calls: [next.shownBy ?? [], next.calls].flat() };
    }
  }
  if (latestStart.at <= earliestEnd.at) return violations;
  const old = earliestEnd.key === '' ? 'ended' : `had been shown to be gone for ${earliestEnd.key}`;
  const young = latestStart.key === '' ? 'it began' : `its version of ${latestStart.key} was sent`;
  const sentence = `It is no snapshot: what it shows ${old} before ${young}.`;
  return [...violations, violation(call, sentence, [...earliestEnd.calls, ...latestStart.calls])];
}

function stateAndNext(timelines: Timelines, key: string, version: number): [State | undefined, State | undefined] {
  const timeline = timelines.of(key);
  const index = timeline.indexOf(version);
  return index === undefined ? [undefined, undefined] : [timeline.states[index], timeline.states[index + 1]];
}

function checkPresent({ timelines, keys }: Listed, listing: Listing): Violation[] {
  const { call, page } = listing;
  const range = rangeOf(listing);
  const shown = namesOn(page);
  return keys.flatMap((key) => {
    const name = range(key);
    if (name === undefined || shown.has(name)) return [];
    const timeline = timelines.of(key);
    if (!timeline.isPresentThroughout(call.startedAt, call.endedAt)) return [];
    const { shownBy = [], calls = [] } = timeline.states[timeline.reachedAt(call.startedAt)] ?? {};
    return [violation(call, `It lacks ${key}, which was there all the time.`, [shownBy, calls].flat())];
  });
}

function checkWalk({ timelines, keys }: Listed, walk: readonly Listing[]): Violation[] {
  const [first, last] = [walk[0], walk.at(-1)];
  if (first === undefined || last === undefined || walk.length < 2) return [];
  const { prefix, delimiter } = first.call.request;
  const times = new Map<string, number>();
  for (const name of walk.flatMap(({ page }) => [...namesOn(page)])) times.set(name, (times.get(name) ?? 0) + 1);
  const numbers = walk.map(({ call }) => call.number);
  const twice = [...times].flatMap(([name, count]) =>
    count > 1 ? [violation(first.call, `Its pages list ${name} ${count} times.`, numbers)] : [],
  );
  if (delimiter !== undefined) return twice;
  const missing = keys.filter((key) => {
    if (!key.startsWith(prefix) || times.has(key)) return false;
    return timelines.of(key).isPresentThroughout(first.call.startedAt, last.call.endedAt);
  });
  const lacks = missing.map((key) => {
    return violation(first.call, `Its pages lack ${key}, which was there from the first to the last.`, numbers);
  });
  return [...twice, ...lacks];
}

function namesOn({ entries, prefixes = [] }: Page): ReadonlySet<string> {
  return new Set([...entries.map(({ key }) => key), ...prefixes]);
}

function violation(call: Call<ListRequest>, sentence: string, others: readonly number[] = []): Violation {
  return { subject: `list of ${call.request.prefix}`, sentence, calls: [...new Set([call.number, ...others])] };
}
