import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const unusedOf = new WeakMap<Server, Set<Socket>>();

/**
 * Watches for connections that have not sent a request yet. Node counts them among the busy ones when a server closes,
 * and proxies keep such connections in stock: each would hold the close up for its whole grace.
 */
export function watchUnusedConnections(server: Server): void {
  const unused = new Set<Socket>();
  unusedOf.set(server, unused);
  server.on('connection', (socket: Socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  // Not 'data' of the socket: with a listener there, Node takes the slow way for every byte.
  server.on('request', ({ socket }) => unused.delete(socket));
}

/** Cuts those that never sent anything. */
export function closeUnusedConnections(server: Server): void {
  for (const socket of unusedOf.get(server) ?? []) socket.destroy();
}
