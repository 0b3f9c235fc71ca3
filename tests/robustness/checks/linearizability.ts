import { freshReads, registerHistory } from './key-register.ts';
import { Ledger } from './ledger.ts';
import { searchLinearization, type Verdict } from './linear-search.ts';
import type { CertainOperation, VersionedWrite } from './register-operation.ts';
import type { Check, Violation } from './report.ts';

/*
 * Writes and reads past the cache are linearizable per key: each takes effect at one moment between its request and its
 * answer. How that is searched is said in `linear-search.ts`, and what counts as an operation in `key-register.ts`. Keys
 * with a time to live are left out: an expiry is a write that nobody sends.
 */

export const checkLinearizability: Check = (history, final, { search }) => {
  const ledger = new Ledger(history, final);
  const reads = freshReads(ledger);
  const quietAt = history.calls.reduce((latest, { endedAt }) => Math.max(latest, endedAt), 0) + 1;
  const counts = { keys: 0, expiringKeys: 0, operations: 0, possibleWrites: 0, configurations: 0, undecided: 0 };
  const violations: Violation[] = [];
  for (const key of ledger.keys) {
    if (ledger.expires(key)) {
      counts.expiringKeys += 1;
      continue;
    }
    const operations = registerHistory(ledger, key, reads.get(key) ?? [], quietAt);
    const verdict = searchLinearization(operations, search);
    counts.keys += 1;
    counts.operations += operations.certain.length;
    counts.possibleWrites += operations.possible.length;
    counts.configurations += verdict.configurations;
    if (verdict.kind === 'undecided') counts.undecided += 1;
    violations.push(...violationsOf(key, verdict));
  }
  return { name: 'linearizability', violations, counts };
};

function violationsOf(key: string, verdict: Verdict): Violation[] {
  if (verdict.kind === 'linearizable') return [];
  const { operation } = verdict;
  if (verdict.kind === 'undecided') {
    const sentence = `Undecided: the search was given up at a ${operation.name}.`;
    return [{ subject: key, sentence, calls: operation.calls }];
  }
  const { last, next } = verdict;
  const place = [describe('came after', last), describe('would have to come before', next)].filter(
    (part) => part !== '',
  );
  const sentence = `No moment between the start and the end of a ${operation.name} agrees with its answer: ${
    place.length === 0 ? 'no write was applied' : `the furthest it can be placed ${place.join(' and ')}`
  }.`;
  return [{ subject: key, sentence, calls: callsOf([operation, last, next]) }];
}

function describe(how: string, write: VersionedWrite | undefined): string {
  return write === undefined ? '' : `${how} the ${write.name} of version ${write.version}`;
}

function callsOf(operations: readonly (CertainOperation | undefined)[]): readonly number[] {
  return [...new Set(operations.flatMap((operation) => operation?.calls ?? []))];
}
