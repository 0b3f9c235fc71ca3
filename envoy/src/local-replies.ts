import { type EdgeProblem, edgeDocument, edgeProblems, mayRetryLater, retryAfterSeconds } from './edge-problems.ts';

const requestId = '%REQ(X-REQUEST-ID)%';

/**
 * Envoy's "response flags": why it answered in place of a gateway.
 * UO a circuit breaker is open, OM short of memory; UF no connection, UH no gateway that works; the rest are connections that broke or
 * time-outs after the request had left.
 */
const overloaded = ['UO', 'OM'];
const unsent = ['UF', 'UH'];
const sent = ['UC', 'UR', 'UT', 'LR', 'UPE', 'SI', 'DPE'];

/** The mappers of `local_reply_config`, in the order in which Envoy tries them: the first that fits makes the answer. */
export function localReplies(): readonly object[] {
  return [
    mapper(edgeProblems.tooSlow, statusIs(408)),
    mapper(edgeProblems.valueTooLarge, statusIs(413)),
    mapper(edgeProblems.headersTooLarge, statusIs(431)),
    mapper(edgeProblems.malformed, statusBelow(500)),
    mapper(edgeProblems.overloaded, flags(overloaded)),
    mapper(edgeProblems.outcomeUnknown, and(isWrite(), flags(sent))),
    mapper(edgeProblems.unavailable, flags([...unsent, ...sent])),
    mapper(edgeProblems.internal, statusIs(500)),
    mapper(edgeProblems.unavailable, statusIs(503)),
  ];
}

function mapper(problem: EdgeProblem, filter: object): object {
  return {
    filter,
    status_code: problem.status,
    headers_to_add: [
      header('cache-control', 'no-store'),
      header('x-content-type-options', 'nosniff'),
      ...(mayRetryLater(problem) ? [header('retry-after', String(retryAfterSeconds))] : []),
    ],
    body_format_override: {
      content_type: 'application/problem+json',
      json_format: edgeDocument(problem, requestId),
      // A request that Envoy cannot read has no id either. What nginx sends it, it can read.
      omit_empty_values: true,
    },
  };
}

function header(key: string, value: string): object {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

function statusIs(status: number): object {
  return { status_code_filter: { comparison: comparison('EQ', status) } };
}

function statusBelow(status: number): object {
  return { status_code_filter: { comparison: comparison('LE', status - 1) } };
}

function comparison(op: string, value: number): object {
  return { op, value: { default_value: value, runtime_key: 'edge.never_set' } };
}

function flags(names: readonly string[]): object {
  return { response_flag_filter: { flags: names } };
}

function isWrite(): object {
  return { header_filter: { header: { name: ':method', string_match: { safe_regex: { regex: 'PUT|DELETE' } } } } };
}

function and(...filters: readonly object[]): object {
  return { and_filter: { filters } };
}
