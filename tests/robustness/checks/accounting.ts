import type { LogRow } from '../history/final-state.ts';
import { Ledger } from './ledger.ts';
import { describeOutcome } from './outcome.ts';
import type { Check, Violation } from './report.ts';
import { unsentRows } from './stray-rows.ts';
import { type Attempt, contradiction, type Write } from './write.ts';

/*
 * Every write has one outcome: nothing accepted is lost, nothing is applied twice or without having been sent, and what
 * was unknown was settled. The kinds are those of Jepsen's total-queue accounting for RabbitMQ (rabbitmq/jepsen): what
 * was attempted, acknowledged and found, and of that lost, unexpected, duplicated and recovered.
 */

/** Accounts for every write and every row of the log. */
export const checkAccounting: Check = (history, final, { skewMs }) => {
  const ledger = new Ledger(history, final);
  const unsent = unsentRows(ledger, skewMs);
  const attempts = ledger.writes.flatMap((write) => write.attempts);
  const violations = [
    ...attempts.flatMap((attempt) => checkAttempt(ledger, attempt)),
    ...ledger.writes.flatMap(checkAppliedOnce),
    ...checkRows(final.log.rows),
    ...unsent.map(unexpected),
    ...checkSightings(ledger),
  ];
  return { name: 'accounting', violations, counts: { ...count(ledger, attempts), unexpected: unsent.length } };
};

function checkAttempt(ledger: Ledger, attempt: Attempt): Violation[] {
  const { id, call, answer, row } = attempt;
  const { key, kind } = call.request;
  if (id === undefined) return [];
  const violation = (sentence: string, calls: readonly number[] = []): Violation => {
    return { subject: `operation ${id}`, sentence, calls: [call.number, ...calls] };
  };
  const owner = ledger.attemptOf.get(id);
  if (owner !== undefined && owner !== attempt) return [violation('Two calls were named it.', [owner.call.number])];
  const violations: Violation[] = [];
  if (row?.key !== undefined && (row.key !== key || row.action !== kind)) {
    violations.push(violation(`It is a ${kind} of ${key}, but the log has a ${row.action} of ${row.key}.`));
  }
  const pair = contradiction(attempt.tellings);
  if (pair !== undefined) {
    const told = pair.map(({ outcome }) => describeOutcome(outcome)).join(' and ');
    violations.push(
      violation(
        `It has two outcomes: ${told}.`,
        pair.flatMap(({ call: by }) => by?.number ?? []),
      ),
    );
  }
  if (answer.kind === 'refused') violations.push(violation('A refused write was named it.'));
  violations.push(...checkEnd(ledger, attempt).map((sentence) => violation(sentence)));
  return violations;
}

/** Whether an operation that a sender was named ended as its answer promised. */
function checkEnd(ledger: Ledger, { answer, tellings, row }: Attempt): string[] {
  if (answer.kind === 'refused') return [];
  const isMissing = ledger.final.log.isWhole ? row === undefined : tellings.length === 0;
  if (isMissing && answer.kind === 'unknown') return ['The answer was unknown and was never settled.'];
  if (isMissing) return ['It was accepted and is lost: it has no outcome.'];
  const failed = tellings.map(({ outcome }) => outcome).find((outcome) => outcome.status === 'failed');
  if (failed === undefined) return [];
  if (answer.kind === 'accepted') return [`It was accepted and is lost: it ended as failed (${failed.problem}).`];
  return failed.problem === 'not-accepted' ? [] : [`It ended as failed (${failed.problem}).`];
}

/** A write has one version, whoever saw it, and none when it was refused. */
function checkAppliedOnce(write: Write): Violation[] {
  // Said of its operation already.
  if (write.attempts.some(({ tellings }) => contradiction(tellings) !== undefined)) return [];
  const { key, calls, seen, outcome } = write;
  const violation = (sentence: string, others: readonly number[] = []): Violation[] => [
    { subject: key, sentence, calls: [...calls, ...others] },
  ];
  const shown = seen.map(({ version, call }) => ({ version, number: call?.number }));
  const told = write.tellings.flatMap(({ outcome: told, call }) =>
    told.status === 'applied' && told.version !== undefined ? [{ version: told.version, number: call?.number }] : [],
  );
  const [first, ...rest] = [...told, ...shown];
  const numberOf = (by: typeof first) => by?.number ?? [];
  if (first !== undefined && (write.isVoid || write.tellings.some(isRejection))) {
    const ending = write.isVoid ? 'refused or failed' : 'rejected';
    return violation(`A write that was ${ending} was applied at version ${first.version}.`, [numberOf(first)].flat());
  }
  const other = rest.find(({ version }) => version !== first?.version);
  if (first === undefined || other === undefined || outcome === undefined) return [];
  const sentence = `One write was applied twice: at version ${first.version} and at version ${other.version}.`;
  return violation(sentence, [numberOf(first), numberOf(other)].flat());
}

function isRejection({ outcome }: Write['tellings'][number]): boolean {
  return outcome.status === 'rejected';
}

function checkRows(rows: readonly LogRow[]): Violation[] {
  const byId = Map.groupBy(rows, ({ id }) => id);
  return [...byId].flatMap(([id, { length }]) =>
    length === 1 ? [] : [{ subject: `operation ${id}`, sentence: `The log has it ${length} times.`, calls: [] }],
  );
}

function unexpected({ id, action, key }: LogRow): Violation {
  const sentence = `The log has a ${action} of ${key} that nobody can have sent: every sender has an operation of its own.`;
  return { subject: `operation ${id}`, sentence, calls: [] };
}

/** A value that is shown was sent to that key, and before it was shown. */
function checkSightings(ledger: Ledger): Violation[] {
  return ledger.sightings.flatMap(({ key, value, call }) => {
    if (value === undefined) return [];
    const write = ledger.writeOfValue(key, value);
    const calls = call === undefined ? [] : [call.number];
    if (write === undefined) return [{ subject: key, sentence: 'It shows a value that nobody sent to it.', calls }];
    if (call === undefined || write.sentAt <= call.endedAt || write.isVoid) return [];
    const sentence = 'It shows a value before that was sent.';
    return [{ subject: key, sentence, calls: [...calls, ...write.calls] }];
  });
}

function count(ledger: Ledger, attempts: readonly Attempt[]): Record<string, number> {
  const { writes, strayRows, final, sightings } = ledger;
  const withAnswer = (kind: Attempt['answer']['kind']) => attempts.filter(({ answer }) => answer.kind === kind);
  const withOutcome = (status: LogRow['status']) => writes.filter(({ outcome }) => outcome?.status === status).length;
  const unknown = withAnswer('unknown');
  const isAppliedLater = (attempt: Attempt) => attempt.row?.status === 'applied';
  return {
    attempted: attempts.length,
    acknowledged: withAnswer('accepted').length + withAnswer('settled').length,
    refused: withAnswer('refused').length,
    unknown: unknown.length,
    unknownRecovered: unknown.filter(isAppliedLater).length,
    unknownNotAccepted: unknown.filter(({ row }) => row?.problem === 'not-accepted').length,
    writes: writes.length,
    applied: withOutcome('applied'),
    rejected: withOutcome('rejected'),
    failed: withOutcome('failed'),
    open: writes.filter((write) => write.outcome === undefined && !write.isVoid).length,
    rows: final.log.rows.length,
    strayRows: strayRows.length,
    sightings: sightings.length,
  };
}
