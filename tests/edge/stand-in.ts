import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { StrataError } from '@stratakv/core';
import { closeHttpServer, createHttpServer, createLogger, HealthChecks, problemAnswer } from '@stratakv/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

// Usage: node stand-in.ts PORT
// A server in the place of a gateway, built of the same parts, that does as the request says. It answers with what it was sent,
// and writes a line to stdout for each request before anything else, so that nothing is forgotten when it is killed.
//
// The header `Do` of a request is one of: nothing (answer 200), `status=N` (answer N as a problem, or plain below 400),
// `bytes=N` (an answer of that size), `delay=MS`, `block=MS` (does nothing else meanwhile), `hang`, `reset` (cut the connection instead of an answer), `half` (cut it in the middle of one), `garbage`.

/** Longer than a health check is apart from the next: Envoy sends nothing more when the port closes. */
const drainMs = 2_500;

const port = Number(process.argv[2]);
const name = process.argv[3] ?? 'gateway';
let isReady = true;
const health = new HealthChecks({ cacheMs: 0 });
health.register({
  name: 'switch',
  kind: 'required',
  check: () => (isReady ? Promise.resolve(undefined) : Promise.reject(new Error('switched off'))),
});
const logger = createLogger({ service: name, level: 'silent' });
const app = createHttpServer({
  logger,
  health,
  bodyLimitBytes: 32 * 1024 * 1024,
  rewriteUrl: ({ url = '' }) => (/^\/(?:readyz|healthz)$|^\/-\//.test(url) ? url : '/*'),
});
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.put('/-/ready', (_request, reply) => {
  isReady = true;
  return reply.send('ready\n');
});
app.delete('/-/ready', (_request, reply) => {
  isReady = false;
  return reply.send('not ready\n');
});
app.all('/*', answer);

process.once('SIGTERM', async () => {
  health.drain();
  await sleep(drainMs);
  await closeHttpServer(app);
  process.exit(0);
});
await app.listen({ port, host: '127.0.0.1' });

async function answer(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const { method, originalUrl: target } = request;
  const bytes = Buffer.isBuffer(request.body) ? request.body.length : 0;
  const seen = { by: name, method, target, id: request.id, headers: request.raw.rawHeaders, bytes };
  writeSync(1, `${JSON.stringify(seen)}\n`);
  const [verb = '', argument = ''] = String(request.headers.do ?? '').split('=');
  if (verb === 'delay') await sleep(Number(argument));
  if (verb === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(argument));
  if (verb === 'hang') return await new Promise(() => {});
  if (verb === 'reset') {
    request.raw.socket.resetAndDestroy();
    return reply.hijack();
  }
  if (verb === 'half') {
    request.raw.socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf of it');
    return reply.hijack();
  }
  if (verb === 'garbage') {
    request.raw.socket.end('this is not HTTP\r\n\r\n');
    return reply.hijack();
  }
  if (verb === 'bytes') return reply.type('application/octet-stream').send(Buffer.alloc(Number(argument), 'x'));
  const status = verb === 'status' ? Number(argument) : 200;
  if (status >= 400) {
    const problem = problemAnswer(new StrataError('not-yet-visible', 'As told.'), request.id, status);
    return reply.code(status).headers(problem.headers).send(problem.body);
  }
  reply.code(status).header('etag', '"1"').header('x-answered-by', name).type('application/json');
  return reply.send(status === 204 || status === 304 ? null : `${JSON.stringify(seen)}\n`);
}
