import type { IncomingMessage } from 'node:http';
import { type Key, parseKeyPath, StrataError } from '@stratakv/core';
import type { FastifyRequest } from 'fastify';

const entryPath = '/kv/';
const operationPath = '/operations/';
const absoluteForm = /^https?:\/\/[^/?#]*/i;

/**
 * The URL the router sees. Keys and ids are kept from it: a router decodes and normalises paths, and a key must arrive
 * byte for byte. `request.originalUrl` still holds it. A target in absolute form (RFC 9112 §3.2.2) loses scheme and host.
 */
export function routerUrl(request: IncomingMessage): string {
  const target = request.url ?? '/';
  const url = target.startsWith('/') ? target : originForm(target);
  if (url.startsWith(entryPath)) return '/kv/*';
  return url.startsWith(operationPath) ? '/operations/*' : url;
}

/**
 * The key of a request to `/kv/KEY`.
 *
 * @throws StrataError `invalid-key`, `key-too-long`; `invalid-query`: an entry takes no query parameters
 */
export function keyOfRequest(request: FastifyRequest): Key {
  const target = request.originalUrl;
  const url = target.startsWith('/') ? target : originForm(target);
  const queryAt = url.indexOf('?');
  if (queryAt < 0) return parseKeyPath(url.slice(entryPath.length));
  if (queryAt < url.length - 1) {
    throw new StrataError('invalid-query', 'An entry takes no query parameters; a "?" in a key is written %3F.');
  }
  return parseKeyPath(url.slice(entryPath.length, queryAt));
}

/** The id of a request to `/operations/ID`, as it was sent. */
export function idOfRequest(request: FastifyRequest): string {
  const target = request.originalUrl;
  const url = target.startsWith('/') ? target : originForm(target);
  return url.slice(operationPath.length).split('?', 1)[0] ?? '';
}

function originForm(target: string): string {
  const path = target.replace(absoluteForm, '');
  return path.startsWith('/') ? path : `/${path}`;
}
