import { kvPath } from '../../framework/store.ts';
import type { ListRequest, ReadLevel, Request, WriteRequest } from '../history/call.ts';

/** A request as it is sent. */
export interface RequestForm {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  /** With its query, sent byte for byte. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

/** Says a request in HTTP. */
export function formOf(request: Request): RequestForm {
  switch (request.kind) {
    case 'put': {
      const body = Buffer.from(request.value);
      const ttl: Record<string, string> = request.ttlSeconds === undefined ? {} : { 'KV-TTL': `${request.ttlSeconds}` };
      const headers = { ...writeHeaders(request), ...ttl, 'Content-Length': `${body.length}` };
      return { method: 'PUT', path: kvPath(request.key), headers, body };
    }
    case 'delete':
      return { method: 'DELETE', path: kvPath(request.key), headers: writeHeaders(request) };
    case 'get': {
      const level = cacheControl(request.level);
      const headers = { ...waitHeaders(request), ...(level === undefined ? {} : { 'Cache-Control': level }) };
      return { method: 'GET', path: kvPath(request.key), headers };
    }
    case 'list':
      return { method: 'GET', path: `/kv?${listQuery(request)}`, headers: waitHeaders(request) };
    case 'operation':
      return { method: 'GET', path: `/operations/${request.id}`, headers: waitHeaders(request) };
  }
}

interface Waiting {
  readonly syncTokens?: readonly string[] | undefined;
  readonly waitSeconds?: number | undefined;
}

function waitHeaders({ syncTokens = [], waitSeconds }: Waiting): Record<string, string> {
  const headers: Record<string, string> = {};
  if (syncTokens.length > 0) headers['Sync-Token'] = syncTokens.join(', ');
  if (waitSeconds !== undefined) headers.Prefer = `wait=${waitSeconds}`;
  return headers;
}

function writeHeaders({ condition, idempotencyKey, waitSeconds }: WriteRequest): Record<string, string> {
  const headers = waitHeaders({ waitSeconds });
  if (idempotencyKey !== undefined) headers['Idempotency-Key'] = idempotencyKey;
  if (condition?.kind === 'version') headers['If-Match'] = `"${condition.version}"`;
  if (condition?.kind === 'present') headers['If-Match'] = '*';
  if (condition?.kind === 'absent') headers['If-None-Match'] = '*';
  return headers;
}

function cacheControl(level: ReadLevel): string | undefined {
  if ('seconds' in level) return `${level.kind}=${level.seconds}`;
  return level.kind === 'cached' ? undefined : level.kind;
}

function listQuery({ prefix, delimiter, limit, cursor }: ListRequest): string {
  const query = new URLSearchParams({ prefix });
  if (delimiter !== undefined) query.set('delimiter', delimiter);
  if (limit !== undefined) query.set('limit', `${limit}`);
  if (cursor !== undefined) query.set('cursor', cursor);
  return query.toString();
}
