import { createHttpServer, createLogger, createMetrics, HealthChecks, listenOnSocket } from '@stratakv/service-kit';
import { fastify } from 'fastify';

/* What a request costs before the store does anything. Arguments: `kit` or `bare`, the bytes of the
   answer, and a Unix socket on which it listens as well. */

const [kind, bytes, socket] = process.argv.slice(2);
const body = Buffer.alloc(Number(bytes), 'x');
const logger = createLogger({ service: 'constant', level: 'warn', format: 'json' });
const app =
  kind === 'kit'
    ? createHttpServer({ logger, health: new HealthChecks(), metrics: createMetrics({ service: 'constant' }) })
    : fastify();

app.get('/constant', (_request, reply) => {
  reply.header('content-type', 'application/octet-stream').send(body);
});
// Envoy asks before it sends.
if (kind === 'bare') app.get('/readyz', () => 'ready');
process.once('SIGTERM', () => process.exit());
await app.listen({ port: Number(process.env.KV_PORT), host: '127.0.0.1' });
if (socket !== undefined) await listenOnSocket(app, socket);
