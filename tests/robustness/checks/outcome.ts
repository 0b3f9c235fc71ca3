import { problemKinds } from '@stratakv/core';
import { type Answer, answerOf, type Call, type Receipt, type WriteRequest } from '../history/call.ts';
import type { LogRow } from '../history/final-state.ts';

/** How an operation ended, as far as somebody told it. */
export type Outcome =
  | {
      readonly status: 'applied';
      /** Undefined: not told, or the delete of an absent key. */
      readonly version: number | undefined;
      /** Undefined: not told, or a delete. */
      readonly created: boolean | undefined;
      readonly expiresAt: number | undefined;
    }
  | {
      readonly status: 'rejected';
      readonly problem: string;
      /** Undefined: there was no entry, or it was the Idempotency-Key. */
      readonly currentVersion: number | undefined;
    }
  | { readonly status: 'failed'; readonly problem: string };

/** What the answer to a write means for its sender. */
export type WriteAnswer =
  | { readonly kind: 'settled'; readonly outcome: Outcome }
  /** 202: it gets an outcome. */
  | { readonly kind: 'accepted' }
  /** It was not queued and never will be. */
  | { readonly kind: 'refused'; readonly status: number }
  /** No answer, or one that leaves it open. */
  | { readonly kind: 'unknown' };

const unknown: WriteAnswer = { kind: 'unknown' };

/** Reads the answer to a write as docs/consistency.md says what it promises. */
export function readWriteAnswer(call: Call<WriteRequest>): WriteAnswer {
  const answer = answerOf(call);
  if (answer === undefined) return unknown;
  const { status, version, expiresAt } = answer;
  if (status === 202) return { kind: 'accepted' };
  if (status === 201 || status === 204) {
    const created = call.request.kind === 'put' ? status === 201 : undefined;
    return { kind: 'settled', outcome: { status: 'applied', version, created, expiresAt } };
  }
  return readProblem(answer);
}

function readProblem({ status, problem, operation, currentVersion }: Answer): WriteAnswer {
  // What made it is not the store, or not one that we know.
  if (problem === undefined || !Object.hasOwn(problemKinds, problem) || problem === 'outcome-unknown') return unknown;
  const settled = (outcome: Outcome): WriteAnswer => ({ kind: 'settled', outcome });
  // A definite refusal names no operation (DESIGN §1), so one that does is an outcome.
  if (operation !== undefined) {
    if (status === 412 || status === 422) return settled({ status: 'rejected', problem, currentVersion });
    if (problem === 'not-accepted' || problem === 'internal') return settled({ status: 'failed', problem });
  }
  return problem === 'internal' || problem === 'not-accepted' ? unknown : { kind: 'refused', status };
}

/** The outcome that a receipt or a row of the log tells; undefined while there is none. */
export function outcomeIn(told: Receipt | LogRow): Outcome | undefined {
  const { version, created, expiresAt, problem = '', currentVersion } = told;
  switch (told.status) {
    case 'queued':
      return undefined;
    case 'applied':
      return { status: 'applied', version, created, expiresAt };
    case 'rejected':
      return { status: 'rejected', problem, currentVersion };
    case 'failed':
      return { status: 'failed', problem };
  }
}

/** Whether two outcomes may have been told of one operation: what one of them leaves out is not held against it. */
export function agree(one: Outcome, other: Outcome): boolean {
  if (one.status === 'applied' && other.status === 'applied') {
    return isSame(one.version, other.version) && isSame(one.created, other.created);
  }
  if (one.status === 'rejected' && other.status === 'rejected') {
    return one.problem === other.problem && isSame(one.currentVersion, other.currentVersion);
  }
  return one.status === other.status;
}

function isSame<Value>(one: Value | undefined, other: Value | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}

/** For a sentence. */
export function describeOutcome(outcome: Outcome): string {
  if (outcome.status !== 'applied') return `${outcome.status} (${outcome.problem})`;
  const { version, created } = outcome;
  return `applied${version === undefined ? '' : ` at version ${version}`}${created === true ? ', created' : ''}`;
}
