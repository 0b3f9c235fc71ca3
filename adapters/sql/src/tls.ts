import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { type DatabaseAddress, DatabaseUrlError } from './database-url.ts';

/**
 * What libpq's `sslmode` means for Node's TLS (PostgreSQL manual §34.19). False: in the clear.
 *
 * @throws DatabaseUrlError when a file cannot be read
 */
export function tlsOptions({
  mode,
  rootCertificate,
  certificate,
  key,
}: DatabaseAddress['tls']): false | ConnectionOptions {
  if (mode === 'disable') return false;
  const own = {
    ...(rootCertificate !== undefined && { ca: read(rootCertificate, 'sslrootcert') }),
    ...(certificate !== undefined && { cert: read(certificate, 'sslcert') }),
    ...(key !== undefined && { key: read(key, 'sslkey') }),
  };
  switch (mode) {
    case 'require':
      // As libpq: encrypted to whoever answers, unless there is a root certificate to check against.
      if (rootCertificate === undefined) return { ...own, rejectUnauthorized: false };
      return { ...own, checkServerIdentity: anyName };
    case 'verify-ca':
      return { ...own, checkServerIdentity: anyName };
    case 'verify-full':
      return own;
  }
}

const anyName = () => undefined;

function read(path: string, parameter: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'error';
    throw new DatabaseUrlError(`the file of ${parameter} cannot be read (${code})`);
  }
}
