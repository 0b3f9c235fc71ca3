import { parentPort, workerData } from 'node:worker_threads';
import { Room } from './room.ts';
import { type ConnectionOptions, openConnection } from './schema.ts';
import { serveThread } from './serve-thread.ts';
import { createRunner, type WriterRequest } from './transaction.ts';

/*
 * The one writer of the database, in a thread of its own so that a flush never stops the event loop. Jobs that arrive
 * together share one transaction and one flush (group commit).
 */

export interface WriterOptions {
  readonly connection: ConnectionOptions;
  readonly retentionMs: number;
}

const port = parentPort;
if (port !== null) {
  const { connection, retentionMs } = workerData as WriterOptions;
  const database = openConnection(connection);
  const room = new Room(database, { path: connection.path, maxBytes: connection.maxBytes });
  const run = createRunner(database, { room, retentionMs });
  serveThread<WriterRequest>(port, database, run);
}
