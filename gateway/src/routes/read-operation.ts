import { type OperationIds, type OperationRecord, StrataError } from '@stratakv/core';
import { problemDocument } from '@stratakv/service-kit';
import type { FastifyInstance } from 'fastify';
import { parseWait } from '../headers/prefer.ts';
import { jsonAnswer } from '../json-answer.ts';
import { type OperationLog, operationGone } from '../operation-log.ts';
import { parseQuery } from '../query.ts';
import { operationPath, outcomeError, settledReceipt, unsettledReceipt } from '../receipt.ts';
import { idOfRequest } from '../request-path.ts';

export interface OperationRouteDeps {
  readonly log: OperationLog;
  readonly ids: OperationIds;
}

/** `GET` and `HEAD /operations/ID`. */
export function registerOperationRead(app: FastifyInstance, { log, ids }: OperationRouteDeps): void {
  app.get('/operations/*', async (request, reply) => {
    parseQuery(request.originalUrl, {});
    const parts = ids.parse(idOfRequest(request));
    if (parts === undefined) throw new StrataError('operation-unknown', 'There is no operation of this id.');
    const waitSeconds = parseWait(request.headers.prefer);
    const known = await log.find(parts, (waitSeconds ?? 0) * 1000);
    if (known === 'gone') throw operationGone(parts.id);
    if (known === 'queued') {
      return jsonAnswer(reply, 'no-store')
        .header('retry-after', '1')
        .send(json(unsettledReceipt(parts)));
    }
    if (waitSeconds !== undefined) reply.header('preference-applied', `wait=${waitSeconds}`);
    // An outcome never changes.
    return jsonAnswer(reply, 'private, max-age=3600, immutable').send(json(settledReceipt(known, problemOf(known))));
  });
}

/** The problem a waiting client would have been told. */
function problemOf(record: OperationRecord): object | undefined {
  const error = outcomeError(record);
  return error && problemDocument(error, operationPath(record.id));
}

function json(receipt: object): string {
  return `${JSON.stringify(receipt)}\n`;
}
