import { Readable } from 'node:stream';
import {
  type Clock,
  CodecError,
  decodeFingerprintRequest,
  decodeOperationsRequest,
  decodeReadRequest,
  decodeScanQuery,
  encodeFingerprintAnswer,
  encodeInstallation,
  encodeOperationsAnswer,
  encodeScanPage,
  type Storage,
  StrataError,
} from '@stratakv/core';
import type { FastifyInstance } from 'fastify';
import { AnswerFrames } from './answer-frames.ts';

/* What gateways ask, in the binary messages of core/src/codec: one POST route for each method of the Storage port. */

/** Reads or ids in one request. */
const maxItems = 1000;
/** The longest a gateway may wait, milliseconds: longer than any client. */
const maxRemainingMs = 60_000;

const mediaType = 'application/octet-stream';

/** Adds the routes of a storage node. Malformed messages are `invalid-query`, whatever the storage throws is kept. */
export function registerWireRoutes(app: FastifyInstance, { storage, clock }: { storage: Storage; clock: Clock }): void {
  app.addContentTypeParser(mediaType, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  binaryRoute(app, '/read', async (body) => {
    const { reads, remainingMs } = decodeReadRequest(body, maxItems);
    const pending = await storage.readEach(reads, clock.now() + Math.min(maxRemainingMs, Math.max(0, remainingMs)));
    const frames = new AnswerFrames(pending);
    return frames.isComplete ? frames.first() : Readable.from(frames.all());
  });
  binaryRoute(app, '/scan', async (body) => encodeScanPage(await storage.scan(decodeScanQuery(body))));
  binaryRoute(app, '/operations', async (body) =>
    encodeOperationsAnswer(await storage.operations(decodeOperationsRequest(body, maxItems))),
  );
  binaryRoute(app, '/fingerprint', async (body) =>
    encodeFingerprintAnswer(await storage.fingerprint(decodeFingerprintRequest(body))),
  );
  binaryRoute(app, '/installation', async () => encodeInstallation(await storage.installation()));
}

function binaryRoute(
  app: FastifyInstance,
  path: string,
  answer: (body: Uint8Array) => Promise<Buffer | Readable>,
): void {
  app.post(path, async (request, reply) => {
    try {
      const body = await answer(request.body instanceof Uint8Array ? request.body : new Uint8Array());
      return reply.type(mediaType).send(body);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      throw new StrataError('invalid-query', `The message is not valid: ${error.message}.`, { cause: error });
    }
  });
}
