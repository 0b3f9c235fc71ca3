import { type ProblemCode, problemKinds } from '@stratakv/core';
import { jsonContent } from './schemas.ts';

/* Answers as the OpenAPI document describes them. */

export type Responses = Readonly<Record<string, object>>;

const headerTexts = {
  ETag: 'The version, quoted.',
  'Last-Modified': 'When it was applied.',
  Age: 'Seconds since the database was read.',
  'Cache-Status': 'Who answered (RFC 9211).',
  'KV-Expires': 'When the entry expires.',
  'KV-Meta-{name}': 'As they were sent with the value.',
  Location: 'Path of the operation, or of the entry that was created.',
  'Sync-Token': 'Makes later reads show this write.',
  'Preference-Applied': 'The wait that was honoured.',
  Link: 'Where more is to be found (RFC 8288).',
  'Retry-After': 'Seconds to wait before trying again.',
  Allow: 'The methods of this path.',
} as const;

export type HeaderName = keyof typeof headerTexts;

/** An answer with a body of its own. */
export function answer(description: string, names: readonly HeaderName[] = [], content?: object): object {
  const all = ['X-Request-Id', ...names];
  const headers = Object.fromEntries(
    all.map((name) => [
      name,
      { schema: { type: 'string' }, description: headerTexts[name as HeaderName] ?? 'Names this request in logs.' },
    ]),
  );
  return content === undefined ? { description, headers } : { description, headers, content };
}

/** Refused before any route is asked: a bad request line or header section. */
const everywhere = {
  400: 'The request cannot be read: a missing or double Host, a bad header.',
  408: 'The request took too long to arrive.',
  417: 'Expect takes only 100-continue.',
  431: 'The header section is larger than 16 KiB.',
};

/** The problems that can come, by status, with what every request can be answered. */
export function problems(codes: readonly ProblemCode[]): Responses {
  const byStatus = new Map<number, string[]>(
    Object.entries(everywhere).map(([status, text]) => [Number(status), [text]]),
  );
  for (const code of [...codes, 'internal'] as const) {
    const { status, title } = problemKinds[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), `${code}: ${title}.`]);
  }
  const content = jsonContent('Problem', 'application/problem+json');
  return Object.fromEntries(
    [...byStatus].map(([status, texts]) => [
      String(status),
      answer(texts.join(' '), [429, 503, 507].includes(status) ? ['Retry-After'] : [], content),
    ]),
  );
}
