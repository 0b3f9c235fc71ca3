import { deepEqual, equal, match, ok } from 'node:assert/strict';
import type { Answer } from './answer.ts';

/**
 * The promised problem types with their status and whether asking again can help, written out a second time: a change of what clients were promised
 * has to fail here. 408, 417 and 431 have no type
 * of their own: they are about the head of the request.
 */
export const promisedProblems: Readonly<Record<string, { statuses: readonly number[]; retryable: boolean }>> = {
  'invalid-key': { statuses: [400], retryable: false },
  'key-too-long': { statuses: [414], retryable: false },
  'value-too-large': { statuses: [413], retryable: false },
  'length-required': { statuses: [411], retryable: false },
  'invalid-header': { statuses: [400, 408, 417, 431], retryable: false },
  'unsupported-condition': { statuses: [400], retryable: false },
  'unsupported-encoding': { statuses: [415], retryable: false },
  'invalid-query': { statuses: [400], retryable: false },
  'invalid-cursor': { statuses: [400], retryable: false },
  'invalid-sync-token': { statuses: [400], retryable: false },
  'not-found': { statuses: [404], retryable: false },
  'version-mismatch': { statuses: [412], retryable: false },
  'idempotency-conflict': { statuses: [422], retryable: false },
  'not-yet-visible': { statuses: [503], retryable: true },
  'not-accepted': { statuses: [503], retryable: true },
  'outcome-unknown': { statuses: [503], retryable: true },
  'not-cached': { statuses: [504], retryable: true },
  'operation-unknown': { statuses: [404], retryable: false },
  'operation-gone': { statuses: [410], retryable: false },
  overloaded: { statuses: [503], retryable: true },
  'rate-limited': { statuses: [429], retryable: true },
  unavailable: { statuses: [503], retryable: true },
  'storage-full': { statuses: [507], retryable: true },
  'method-not-allowed': { statuses: [405], retryable: false },
  internal: { statuses: [500], retryable: false },
};

const typePrefix = 'urn:stratakv:problem:';

/** A problem document (RFC 9457) with the members this store may add. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance: string;
  readonly retryable: boolean;
  readonly key?: string;
  readonly currentVersion?: number;
  readonly operation?: string;
}

/** Checks that a problem has all the promised members and a type and status that belong together. */
export function checkProblem(problem: Problem): void {
  ok(problem.type.startsWith(typePrefix), `type ${problem.type}`);
  const promised = promisedProblems[problem.type.slice(typePrefix.length)];
  ok(promised, `type ${problem.type} is promised nowhere`);
  ok(promised.statuses.includes(problem.status), `${problem.type} with status ${problem.status}`);
  equal(problem.retryable, promised.retryable, `retryable of ${problem.type}`);
  match(problem.title, /\S/, 'title');
}

/** Checks an error answer as a whole: media type, members, request id, newline, and headers that go with the status. */
export function checkProblemAnswer(answer: Answer): void {
  equal(answer.mediaType, 'application/problem+json', `error body: ${answer.describe()}`);
  ok(answer.text.endsWith('\n'), 'a problem ends with a newline');
  const problem = answer.json() as Problem;
  checkProblem(problem);
  equal(problem.status, answer.status, 'status in the problem and on the wire');
  equal(problem.instance, answer.header('x-request-id'), 'instance is the request id');
}

/** Checks that an answer is this error, and gives its problem. */
export function assertProblem(answer: Answer, type: string, status: number): Problem {
  deepEqual({ status: answer.status, type: typeOf(answer) }, { status, type }, answer.describe());
  return answer.json() as Problem;
}

/** The last part of the problem type; undefined when the answer is no problem. */
function typeOf(answer: Answer): string | undefined {
  if (answer.mediaType !== 'application/problem+json') return undefined;
  return (answer.json() as Problem).type.replace(typePrefix, '');
}
