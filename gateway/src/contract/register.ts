import type { FastifyInstance } from 'fastify';
import { jsonAnswer } from '../json-answer.ts';
import { describedPaths, methodsOf, openApiDocument } from './openapi.ts';

/** `GET /openapi.json`, and `OPTIONS` for every path. */
export function registerContract(app: FastifyInstance): void {
  const document = Buffer.from(`${JSON.stringify(openApiDocument(), undefined, 2)}\n`);
  app.get('/openapi.json', (_request, reply) => jsonAnswer(reply, 'no-cache').send(document));
  for (const path of describedPaths) {
    const allow = methodsOf(path).join(', ');
    app.options(routePattern(path), (_request, reply) => reply.code(204).header('allow', allow).send());
  }
}

/** Fastify's form of an OpenAPI path. The router sees neither keys nor ids (request-path.ts). */
function routePattern(path: string): string {
  return path.replace(':', '::').replace(/\{\w+\}/, '*');
}
