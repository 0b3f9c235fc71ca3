import type { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { Key, OperationId, ScanQuery } from '@stratakv/core';
import { prepareEntryGet } from './entry-table.ts';
import { describeFailure, type Failure } from './failure.ts';
import { prepareInstallationState } from './installation.ts';
import { prepareIdempotencyFind, prepareOperationFind } from './operation-table.ts';
import { prepareQueuePage } from './queue-table.ts';
import { prepareScan } from './scan.ts';
import { type ConnectionOptions, openConnection } from './schema.ts';
import { serveThread } from './serve-thread.ts';

/* Reads the database in a thread of its own, so that neither a slow disk nor a long list stops the event loop. */

export type ReaderRequest =
  | { readonly kind: 'get'; readonly keys: readonly Key[] }
  | { readonly kind: 'scan'; readonly query: ScanQuery }
  | { readonly kind: 'operations'; readonly ids: readonly OperationId[] }
  | { readonly kind: 'fingerprint'; readonly identity: string }
  | { readonly kind: 'installation' }
  | {
      readonly kind: 'queue-page';
      readonly partition: number;
      readonly after: number;
      readonly limit: number;
      readonly maxBytes: number;
    };

/** A request, and the time it counts as now: milliseconds since 1970. */
export interface TimedRequest {
  readonly request: ReaderRequest;
  readonly nowMs: number;
}

export type ReaderResult = { readonly value: unknown } | { readonly failure: Failure };

function prepareRequests(database: DatabaseSync): (request: ReaderRequest, nowMs: number) => unknown {
  const get = prepareEntryGet(database);
  const scan = prepareScan(database);
  const findOperation = prepareOperationFind(database);
  const findIdempotency = prepareIdempotencyFind(database);
  const installation = prepareInstallationState(database);
  const queuePage = prepareQueuePage(database);
  return (request, nowMs) => {
    switch (request.kind) {
      case 'get':
        return request.keys.map((key) => get(key, nowMs));
      case 'scan':
        return scan(request.query, nowMs);
      case 'operations':
        return request.ids.map(findOperation);
      case 'fingerprint':
        return findIdempotency(request.identity)?.fingerprint;
      case 'installation':
        return installation();
      case 'queue-page':
        return queuePage(request.partition, request.after, request.limit, request.maxBytes);
    }
  };
}

const port = parentPort;
if (port !== null) {
  const database = openConnection(workerData as ConnectionOptions);
  const answer = prepareRequests(database);
  const begin = database.prepare('BEGIN');
  const end = database.prepare('COMMIT');
  const inSnapshot = ({ request, nowMs }: TimedRequest): ReaderResult => {
    try {
      begin.run();
      const value = answer(request, nowMs);
      end.run();
      return { value };
    } catch (error) {
      // A damaged page fails the end of the transaction too.
      if (database.isTransaction) database.exec('ROLLBACK');
      return { failure: describeFailure(error) };
    }
  };
  serveThread(port, database, inSnapshot);
}
