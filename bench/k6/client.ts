import { check } from 'k6';
import http, { type RefinedResponse } from 'k6/http';
import type { KindName } from './kinds.ts';
import type { Meters } from './meters.ts';

export type Answer = RefinedResponse<'text'>;
export type Headers = Readonly<Record<string, string>>;

export interface Request {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'POST';
  readonly path: string;
  readonly headers?: Headers;
  readonly body?: string;
}

/** What k6's checks get. */
interface Judged<Want> {
  readonly answer: Answer;
  readonly want: Want;
}

/** What the answers of a kind have to be, each with the words it is reported by; `want` is what a request asked for. */
export type Expectations<Want> = Readonly<Record<string, (answer: Answer, want: Want) => boolean>>;

/** The same as k6 takes it. Made once, not for each request: k6's JavaScript is slow at making things. */
export interface Judgement<Want> {
  readonly kind: KindName;
  readonly checks: Record<string, (judged: Judged<Want>) => boolean>;
}

export function judgementOf<Want>(kind: KindName, expected: Expectations<Want>): Judgement<Want> {
  const checks = Object.entries(expected).map(([words, holds]) => [`${kind}: ${words}`, guarded(holds)] as const);
  return { kind, checks: Object.fromEntries(checks) };
}

/** Of a write that waits: what is expected of the answer when it was applied in time. Else it is 202. */
export function waitedJudgementOf<Want>(
  kind: KindName,
  statusOf: (want: Want) => number,
  expected: Expectations<Want>,
): Judgement<Want> {
  const all: Expectations<Want> = {
    'Preference-Applied': (answer) => header(answer, 'Preference-Applied') === 'wait=5',
    'Sync-Token': (answer) => header(answer, 'Sync-Token') !== '',
    ...expected,
  };
  const unlessLate = Object.entries(all).map(
    ([words, holds]) => [words, (answer: Answer, want: Want) => isLate(answer) || holds(answer, want)] as const,
  );
  return judgementOf<Want>(kind, {
    'the status, or 202': (answer, want) => answer.status === statusOf(want) || isLate(answer),
    ...Object.fromEntries(unlessLate),
  });
}

/** Headers of a request that waits for its outcome. */
export const waiting = { Prefer: 'wait=5' } as const;

const timeout = '20s';

/** Sends requests, judges every answer and counts it. */
export class Client {
  readonly #url: string;
  readonly #meters: Meters;

  constructor(url: string, meters: Meters) {
    this.#url = url;
    this.#meters = meters;
  }

  /** The answer, when it is as expected; undefined when the store refused it politely, or it is wrong. */
  send<Want>({ kind, checks }: Judgement<Want>, request: Request, want: Want): Answer | undefined {
    const { method, path, headers, body } = request;
    const answer = http.request(method, this.#url + path, body ?? null, {
      headers: { ...headers },
      timeout,
      tags: { name: kind },
      responseType: 'text',
      redirects: 0,
    });
    if (isShed(answer)) {
      this.#meters.shed(kind);
      return undefined;
    }
    if (!check({ answer, want }, checks)) {
      this.#meters.unexpected(kind);
      console.error(`${method} ${path} (${kind}): ${describe(answer)}`);
      return undefined;
    }
    this.#meters.answered(kind, answer.timings.duration);
    return answer;
  }

  /** The answer to a write that waited: undefined also when it was not applied in time, which is counted. */
  sendWaited<Want>(judgement: Judgement<Want>, request: Request, want: Want): Answer | undefined {
    const answer = this.send(judgement, request, want);
    if (answer === undefined || !isLate(answer)) return answer;
    this.#meters.late();
    return undefined;
  }

  /** Counts a wait that ended too early. */
  late(): void {
    this.#meters.late();
  }
}

/** The value of a header, or nothing. k6 spells names as Go does: `Etag`. */
export function header(answer: Answer, name: string): string {
  return answer.headers[name] ?? '';
}

/** Whether the store refused the request because it has too much to do. */
export function isShed(answer: Pick<Answer, 'status' | 'headers'>): boolean {
  return (answer.status === 503 || answer.status === 429) && answer.headers['Retry-After'] !== undefined;
}

function isLate(answer: Answer): boolean {
  return answer.status === 202;
}

/** An answer that cannot even be looked at (no body, no JSON) is not what was expected. */
function guarded<Want>(holds: (answer: Answer, want: Want) => boolean): (judged: Judged<Want>) => boolean {
  return ({ answer, want }) => {
    try {
      return holds(answer, want);
    } catch {
      return false;
    }
  };
}

function describe({ status, error, headers, body }: Answer): string {
  if (status === 0) return error;
  return `${status} ${JSON.stringify(headers)} ${(body ?? '').slice(0, 300)}`;
}
