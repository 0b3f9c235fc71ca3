import { equal, fail, match, ok } from 'node:assert/strict';
import type { Answer } from './answer.ts';
import type { ApiDescription } from './api-description.ts';
import { checkProblemAnswer, type Problem } from './problems.ts';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly answer: Answer;
}

/**
 * Checks what is promised of every answer, whatever was asked.
 *
 * @throws AssertionError that names the request
 */
export function checkContract(exchange: Exchange, api: ApiDescription): void {
  const { method, path, answer } = exchange;
  try {
    checkAlways(exchange);
    if (answer.status >= 400 && method !== 'HEAD' && !isReadiness(exchange)) checkProblemAnswer(answer);
    checkDescribed(exchange, api);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    fail(`${method} ${shorten(path)} -> ${shorten(answer.describe())}\nbreaks the contract: ${reason}`);
  }
}

function checkAlways(exchange: Exchange): void {
  const { method, answer } = exchange;
  match(answer.header('x-request-id') ?? '', /^[\x21-\x7e]+$/, 'X-Request-Id');
  const mustBeEmpty = method === 'HEAD' || answer.status === 204 || answer.status === 304;
  if (mustBeEmpty) equal(answer.body.length, 0, 'this answer has no body');
  if (answer.status === 405) match(answer.header('allow') ?? '', /^[A-Z]+(, *[A-Z]+)*$/, 'Allow of a 405');
  if (mayBeRetriedLater(exchange)) match(answer.header('retry-after') ?? '', /^\d+$/, 'Retry-After');
  if (isJson(exchange)) {
    ok(answer.text.endsWith('\n'), 'JSON ends with a newline');
    answer.json();
  }
}

function mayBeRetriedLater(exchange: Exchange): boolean {
  const { method, answer } = exchange;
  if (answer.status !== 503 && answer.status !== 429) return false;
  return method === 'HEAD' || isReadiness(exchange) || (answer.json() as Problem).retryable;
}

function checkDescribed(exchange: Exchange, api: ApiDescription): void {
  const { method, path, answer } = exchange;
  const described = api.find(method, path, answer.status);
  switch (described.kind) {
    case 'unknown-path':
      equal(answer.status, 404, '/openapi.json does not know this path');
      return;
    case 'unknown-method':
      equal(answer.status, method === 'OPTIONS' ? 204 : 405, `/openapi.json has no ${method} ${described.template}`);
      return;
    case 'unknown-status':
      fail(`/openapi.json does not list ${answer.status} for ${method} ${described.template}`);
      break;
    case 'described':
      if (isJson(exchange)) {
        const mistakes = api.mistakes(described.response, answer.mediaType ?? '', answer.json());
        equal(mistakes, undefined, `body against /openapi.json: ${mistakes}`);
      }
  }
}

// A store that is not ready still names its dependencies: its 503 is a report, not a problem.
function isReadiness({ path, answer }: Exchange): boolean {
  return path === '/readyz' && answer.status === 503;
}

// The bytes of an entry are the user's: they may call themselves JSON and be anything.
function isJson({ method, path, answer }: Exchange): boolean {
  if (method === 'HEAD' || answer.body.length === 0) return false;
  if (method === 'GET' && answer.status === 200 && path.startsWith('/kv/')) return false;
  return answer.mediaType === 'application/json' || answer.mediaType === 'application/problem+json';
}

function shorten(text: string): string {
  return text.length > 700 ? `${text.slice(0, 700)}…` : text;
}
