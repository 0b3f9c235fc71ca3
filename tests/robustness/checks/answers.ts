import { answerOf, type Call, type RequestKind } from '../history/call.ts';
import type { Check, Violation } from './report.ts';

/*
 * What clients send is valid, so that of all answers only those of docs/http-api.md are left that mean a result, an
 * outcome, or that the store cannot at the moment. A 500 is none of them, unless it is the outcome of an operation, which
 * is for the accounting.
 */

const allowed: Readonly<Record<RequestKind, readonly number[]>> = {
  put: [201, 202, 204, 412, 422, 429, 503, 507],
  delete: [202, 204, 412, 422, 429, 503],
  get: [200, 404, 429, 503],
  list: [200, 429, 503],
  operation: [200, 429, 503],
};

/** Judges every answer of the run. */
export const checkAnswers: Check = ({ calls }) => {
  const answered = calls.filter((call) => answerOf(call) !== undefined);
  const violations = answered.flatMap(judge);
  const refusals = answered.filter((call) => [429, 503].includes(answerOf(call)?.status ?? 0));
  return { name: 'answers', violations, counts: { answered: answered.length, refusals: refusals.length } };
};

function judge(call: Call): Violation[] {
  const { status = 0, problem = 'no problem', operation } = answerOf(call) ?? {};
  const { request, number } = call;
  if (allowed[request.kind].includes(status)) return [];
  if (request.kind === 'get' && request.level.kind === 'only-if-cached' && status === 504) return [];
  if (status === 500 && operation !== undefined) return [];
  const subject = 'key' in request ? request.key : `${request.kind} by ${call.client}`;
  return [{ subject, sentence: `A ${request.kind} was answered ${status} (${problem}).`, calls: [number] }];
}
