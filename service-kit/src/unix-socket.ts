import { rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer, type Server as SocketServer } from 'node:net';
import type { FastifyInstance } from 'fastify';

const closedOf = new WeakMap<Server, Promise<void>>();

/**
 * Lets a server that listens take connections on a Unix socket as well: between two processes of one machine that costs
 * less than TCP. Any user may connect who may enter the folder. A socket that a dead process has left is replaced.
 *
 * @throws Error when the path cannot be listened on
 */
export async function listenOnSocket(app: FastifyInstance, path: string): Promise<void> {
  await rm(path, { force: true });
  // As node:http makes its own, and node:http takes any connection it is handed by this event (node:http, 'connection').
  const sockets: SocketServer = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    app.server.emit('connection', socket);
  });
  await new Promise<void>((resolve, reject) => {
    sockets.once('error', reject);
    sockets.listen({ path, writableAll: true, backlog: 4096 }, resolve);
  });
  const closed = Promise.withResolvers<void>();
  closedOf.set(app.server, closed.promise);
  // Its connections end as those of the app's own port do; it is closed when the last one has.
  app.server.once('close', () => closed.resolve(new Promise((resolve) => sockets.close(() => resolve()))));
}

/** Resolves when no connection of a Unix socket is left; at once where there is none. */
export async function socketClosed(server: Server): Promise<void> {
  await closedOf.get(server);
}
