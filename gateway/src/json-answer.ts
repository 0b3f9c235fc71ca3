import type { FastifyReply } from 'fastify';

/**
 * Sets the headers of a JSON answer. `Server-Timing` tells the time since the request arrived, unless the caller has
 * told something more exact.
 */
export function jsonAnswer(reply: FastifyReply, cacheControl: string): FastifyReply {
  if (!reply.hasHeader('server-timing')) reply.header('server-timing', `total;dur=${reply.elapsedTime.toFixed(2)}`);
  return reply
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', cacheControl)
    .header('x-content-type-options', 'nosniff');
}
