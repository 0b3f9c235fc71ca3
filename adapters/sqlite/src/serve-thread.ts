import type { DatabaseSync } from 'node:sqlite';
import type { MessagePort } from 'node:worker_threads';

/** The other end of `Thread`: answers each message, and closes the database when told to. */
export function serveThread<Request>(
  port: MessagePort,
  database: DatabaseSync,
  answer: (request: Request) => unknown,
): void {
  port.on('message', (request: Request | 'close') => {
    if (request !== 'close') {
      port.postMessage(answer(request as Request));
      return;
    }
    database.close();
    port.close();
  });
  port.postMessage('open');
}
