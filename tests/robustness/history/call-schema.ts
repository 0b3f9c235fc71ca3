import { count, flag, kind, moment, object, text, texts } from './schema-parts.ts';

/*
 * JSON Schemas of the lines of a history file. They say again what the types in `call.ts` say: a file may come from
 * another version of this program, and a check must not judge what it misreads.
 */

const condition = {
  anyOf: [object({ kind: kind('version'), version: count }), object({ kind: kind('absent', 'present') })],
};
const level = {
  anyOf: [
    object({ kind: kind('cached', 'no-cache', 'only-if-cached') }),
    object({ kind: kind('max-age', 'stale-if-error'), seconds: count }),
  ],
};
const written = { condition, idempotencyKey: text, waitSeconds: count };
const waiting = { syncTokens: texts, waitSeconds: count };

const request = {
  anyOf: [
    object({ kind: kind('put'), key: text, value: text }, { ...written, ttlSeconds: count }),
    object({ kind: kind('delete'), key: text }, written),
    object({ kind: kind('get'), key: text, level }, waiting),
    object({ kind: kind('list'), prefix: text }, { ...waiting, delimiter: text, limit: count, cursor: text }),
    object({ kind: kind('operation'), id: text }, { waitSeconds: count }),
  ],
};

const receipt = object(
  { id: text, status: kind('queued', 'applied', 'rejected', 'failed') },
  {
    action: kind('put', 'delete'),
    key: text,
    version: count,
    created: flag,
    expiresAt: moment,
    acceptedAt: moment,
    settledAt: moment,
    problem: text,
    currentVersion: count,
  },
);

const page = object(
  { entries: { type: 'array', items: object({ key: text, version: count }, { expiresAt: moment }) } },
  { prefixes: texts, next: text },
);

const answer = object(
  { status: { type: 'integer', minimum: 100, maximum: 599 } },
  {
    problem: text,
    currentVersion: count,
    value: text,
    version: count,
    ageSeconds: count,
    expiresAt: moment,
    operation: text,
    receipt,
    page,
  },
);

const result = {
  anyOf: [
    object({ kind: kind('answer'), answer }),
    object({ kind: kind('lost'), how: kind('timeout', 'reset', 'hung-up') }),
  ],
};

export const callSchema = object({ number: count, client: text, request, startedAt: moment, endedAt: moment, result });

/** What the first line says it is, so that no other file is taken for a history. */
export const historyFormat = 'stratakv-history-1';

export const headerSchema = object(
  { format: { const: historyFormat }, wallOffsetMs: moment },
  { seed: { type: 'integer' } },
);
