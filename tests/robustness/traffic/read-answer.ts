import type { Answer as HttpAnswer } from '../../framework/answer.ts';
import type { ListPage, Receipt as WireReceipt } from '../../framework/documents.ts';
import type { Problem } from '../../framework/problems.ts';
import type { Answer, Page, Receipt, Request } from '../history/call.ts';

/** An answer is not what any request of ours is answered with. */
export class UnreadableAnswer extends Error {
  constructor(request: Request, answer: HttpAnswer, reason: string, cause?: unknown) {
    super(`the answer to a ${request.kind} ${reason}: ${answer.describe()}`, { cause });
    this.name = 'UnreadableAnswer';
  }
}

/**
 * Notes what an answer says.
 *
 * @throws UnreadableAnswer when a header or the body is malformed, or when it names several operations
 */
export function readAnswer(request: Request, http: HttpAnswer): Answer {
  try {
    return read(request, http);
  } catch (error) {
    if (error instanceof UnreadableAnswer) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UnreadableAnswer(request, http, `cannot be read (${reason})`, error);
  }
}

function read(request: Request, http: HttpAnswer): Answer {
  const { status } = http;
  const problem = http.mediaType === 'application/problem+json' ? (http.json() as Problem) : undefined;
  const isGet = request.kind === 'get' && status === 200;
  return {
    status,
    problem: problem === undefined ? undefined : problemName(problem),
    currentVersion: problem?.currentVersion,
    value: isGet ? http.text : undefined,
    version: etagVersion(http),
    ageSeconds: numberIn(http, 'age'),
    expiresAt: timeOf(http.header('kv-expires')),
    operation: request.kind === 'put' || request.kind === 'delete' ? operationIn(request, http, problem) : undefined,
    receipt: request.kind === 'operation' && status === 200 ? receiptOf(http.json() as WireReceipt) : undefined,
    page: request.kind === 'list' && status === 200 ? pageOf(http.json() as ListPage) : undefined,
  };
}

function problemName({ type }: Problem): string {
  return type.slice(type.lastIndexOf(':') + 1);
}

function etagVersion(http: HttpAnswer): number | undefined {
  const etag = http.header('etag');
  if (etag === undefined) return undefined;
  if (!/^"[1-9]\d*"$/.test(etag)) throw new TypeError(`the ETag ${etag} is no version`);
  return Number(etag.slice(1, -1));
}

function numberIn(http: HttpAnswer, name: string): number | undefined {
  const text = http.header(name);
  if (text !== undefined && !/^\d+$/.test(text)) throw new TypeError(`${name} is ${text}`);
  return text === undefined ? undefined : Number(text);
}

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new TypeError(`${text} is no time`);
  return time;
}

/** The operation that a write is named, in whichever places: they must say the same. */
function operationIn(request: Request, http: HttpAnswer, problem: Problem | undefined): string | undefined {
  const paths = [
    /<([^>]*)>; *rel="?monitor"?/.exec(http.header('link') ?? '')?.[1],
    http.header('location'),
    problem?.operation,
  ];
  const ids = paths.flatMap((path) => /^\/operations\/(.+)$/.exec(path ?? '')?.[1] ?? []);
  const token = http.header('sync-token');
  if (token !== undefined) ids.push(token);
  if (http.status === 202) ids.push((http.json() as WireReceipt).id);
  if (new Set(ids).size > 1) throw new UnreadableAnswer(request, http, `names the operations ${ids.join(' and ')}`);
  return ids[0];
}

function receiptOf(wire: WireReceipt): Receipt {
  const { id, status, action, key, version, created, expiresAt, acceptedAt, settledAt, problem } = wire;
  return {
    id,
    status,
    action,
    key,
    version,
    created,
    expiresAt: timeOf(expiresAt),
    acceptedAt: timeOf(acceptedAt),
    settledAt: timeOf(settledAt),
    problem: problem === undefined ? undefined : problemName(problem),
    currentVersion: problem?.currentVersion,
  };
}

function pageOf({ entries, prefixes, next }: ListPage): Page {
  const cursor = next === undefined ? undefined : new URL(next, 'http://store').searchParams.get('cursor');
  if (cursor === null) throw new TypeError('the next page has no cursor');
  return {
    entries: entries.map(({ key, version, expiresAt }) => ({ key, version, expiresAt: timeOf(expiresAt) })),
    prefixes,
    next: cursor,
  };
}
