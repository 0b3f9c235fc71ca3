/*
 * postgresql://user:password@host1:port1,host2:port2/database?sslmode=…, as libpq reads it (PostgreSQL manual §34.1.1.2).
 * Several hosts do not fit the URL standard, so neither `URL` nor pg reads them.
 */

export interface HostAddress {
  /** Name, IP address, or the folder of a Unix socket when it begins with a slash. */
  readonly host: string;
  readonly port: number;
}

export const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** Where the database is, and how to get in. */
export interface DatabaseAddress {
  /** At least one; nodes of the same database. */
  readonly hosts: readonly HostAddress[];
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: {
    readonly mode: TlsMode;
    /** Paths of PEM files. */
    readonly rootCertificate: string | undefined;
    readonly certificate: string | undefined;
    readonly key: string | undefined;
  };
  /** Settings of the session, as `-c name=value`; CockroachDB's cloud takes `--cluster=name` here. */
  readonly options: string | undefined;
}

/** The URL cannot be used. The message never holds a part of it that may be secret. */
export class DatabaseUrlError extends Error {
  constructor(problem: string) {
    super(`The URL of the database cannot be used: ${problem}.`);
    this.name = 'DatabaseUrlError';
  }
}

const shape =
  /^postgres(?:ql)?:\/\/(?:(?<login>[^/?#]*)@)?(?<hosts>[^/?#@]*)(?:\/(?<database>[^?#]*))?(?:\?(?<query>[^#]*))?$/;
const hostShape = /^(?:\[(?<bracketed>[0-9a-fA-F:.]+)\]|(?<name>[^:[\]]+))(?::(?<port>\d{1,5}))?$/;
const defaultPort = 5432;
const parameters = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'options'];

/** @throws DatabaseUrlError */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  const { login, hosts, database, query } = shape.exec(text)?.groups ?? {};
  if (hosts === undefined)
    throw new DatabaseUrlError('it is not of the form postgresql://user:password@host:port/database');
  if (database !== undefined && /[/@]/.test(database)) {
    // As when the password holds a slash that was not encoded: nothing of it may be repeated.
    throw new DatabaseUrlError('there is more than one slash or at sign; percent-encode those in the password');
  }
  const { user, password } = parseLogin(login);
  if (database === undefined || database === '') throw new DatabaseUrlError('it names no database');
  const given = parseParameters(query);
  return {
    hosts: hosts.split(',').map(parseHost),
    user,
    password,
    database: decode(database, 'database'),
    tls: {
      mode: parseTlsMode(given.get('sslmode')),
      rootCertificate: given.get('sslrootcert'),
      certificate: given.get('sslcert'),
      key: given.get('sslkey'),
    },
    options: given.get('options'),
  };
}

function parseLogin(login: string | undefined): { user: string; password: string | undefined } {
  const colon = login?.indexOf(':') ?? -1;
  const user = colon < 0 ? login : login?.slice(0, colon);
  if (login === undefined || user === undefined || user === '') throw new DatabaseUrlError('it names no user');
  const password = colon < 0 ? undefined : decode(login.slice(colon + 1), 'password');
  return { user: decode(user, 'user'), password: password === '' ? undefined : password };
}

function parseHost(text: string, index: number): HostAddress {
  const { bracketed, name, port } = hostShape.exec(text)?.groups ?? {};
  const host = bracketed ?? (name && decode(name, 'host'));
  const number = port === undefined ? defaultPort : Number(port);
  if (host === undefined || number < 1 || number > 65_535) {
    throw new DatabaseUrlError(`host number ${index + 1} is not of the form name:port`);
  }
  return { host, port: number };
}

function parseParameters(query: string | undefined): Map<string, string> {
  const given = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query ?? '')) {
    if (!parameters.includes(name)) {
      throw new DatabaseUrlError(`it has an unknown parameter; known are ${parameters.join(', ')}`);
    }
    if (given.has(name)) throw new DatabaseUrlError(`the parameter ${name} is there twice`);
    given.set(name, value);
  }
  return given;
}

function parseTlsMode(text: string | undefined): TlsMode {
  if (text === undefined) return 'disable';
  const mode = tlsModes.find((known) => known === text);
  // libpq's `allow` and `prefer` go on in the clear when the other side says so, which is no protection at all.
  if (mode === undefined) throw new DatabaseUrlError(`sslmode is not one of ${tlsModes.join(', ')}`);
  return mode;
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new DatabaseUrlError(`the ${part} is not percent-encoded correctly`);
  }
}
