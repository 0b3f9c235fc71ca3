import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';

/** Lets web pages of an origin use the store, and see the headers that carry its promises. */
export async function allowCors(app: FastifyInstance, origin: string): Promise<void> {
  await app.register(cors, {
    origin,
    methods: ['GET', 'HEAD', 'PUT', 'DELETE', 'POST'],
    exposedHeaders: [
      'Accept-Ranges',
      'Age',
      'Allow',
      'Cache-Status',
      'ETag',
      'KV-Expires',
      'Link',
      'Location',
      'Preference-Applied',
      'Retry-After',
      'Server-Timing',
      'Sync-Token',
      'X-Request-Id',
    ],
    maxAge: 600,
    // The routes for OPTIONS answer, with Allow; the plugin only adds its headers.
    strictPreflight: false,
    preflightContinue: true,
  });
}
