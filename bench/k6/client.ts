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

/** What an answer has to be, each with the words it is reported by. */
export type Expectations = Readonly<Record<string, (answer: Answer) => boolean>>;

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
  send(kind: KindName, { method, path, headers = {}, body }: Request, expected: Expectations): Answer | undefined {
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
    const named = Object.fromEntries(
      Object.entries(expected).map(([words, holds]) => [`${kind}: ${words}`, guarded(holds)]),
    );
    if (!check(answer, named)) {
      this.#meters.unexpected(kind);
      console.error(`${method} ${path} (${kind}): ${describe(answer)}`);
      return undefined;
    }
    this.#meters.answered(kind, answer.timings.duration);
    return answer;
  }

  /** The answer to a write that waited: undefined also when it was not applied in time, which is counted. */
  sendWaited(kind: KindName, request: Request, status: number, expected: Expectations): Answer | undefined {
    const isLate = (answer: Answer) => answer.status === 202;
    const unlessLate = Object.entries(expected).map(
      ([words, holds]) => [words, (answer: Answer) => isLate(answer) || holds(answer)] as const,
    );
    const headers = { ...request.headers, Prefer: 'wait=5' };
    const answer = this.send(
      kind,
      { ...request, headers },
      {
        [`status ${status}, or 202`]: (got) => got.status === status || isLate(got),
        'Preference-Applied': (got) => isLate(got) || header(got, 'Preference-Applied') === 'wait=5',
        'Sync-Token': (got) => header(got, 'Sync-Token').length > 0,
        ...Object.fromEntries(unlessLate),
      },
    );
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

/** An answer that cannot even be looked at (no body, no JSON) is not what was expected. */
function guarded(holds: (answer: Answer) => boolean): (answer: Answer) => boolean {
  return (answer) => {
    try {
      return holds(answer);
    } catch {
      return false;
    }
  };
}

function describe({ status, error, headers, body }: Answer): string {
  if (status === 0) return error;
  return `${status} ${JSON.stringify(headers)} ${(body ?? '').slice(0, 300)}`;
}
