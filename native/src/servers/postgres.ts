import { existsSync } from 'node:fs';
import { appendFile, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runToEnd } from '../launch.ts';
import { heldFolder, type ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { probe } from '../tcp-probe.ts';
import { unprivilegedUser } from '../unprivileged-user.ts';

/** Name of the database and of the role that owns it. */
export const postgresName = 'stratakv';

const ownConfiguration = 'stratakv.conf';

export interface PostgresOptions {
  readonly name: string;
  /** Made at first start, owned by the user PostgreSQL runs as. */
  readonly folder: string;
  readonly port: number;
  /** Of the role `stratakv`, which may also make databases. */
  readonly password: string;
  /** False loses data when the machine stops: for tests. Default true. */
  readonly fsync?: boolean;
  /** Default 128. */
  readonly sharedBuffersMiB?: number;
  /** Default 100. */
  readonly maxConnections?: number;
}

/** PostgreSQL with its own database cluster, over TCP on 127.0.0.1 alone, with passwords only. */
export function postgresSpec(options: PostgresOptions): ProcessSpec {
  const { name, folder, port } = options;
  const data = join(folder, 'data');
  return {
    name,
    command: findProgram('postgres'),
    args: ['-D', heldFolder],
    isUnprivileged: true,
    folder: data,
    // "Fast": sessions are ended, and a checkpoint is written. SIGTERM would wait for clients.
    stopSignal: 'SIGINT',
    // "Immediate": it ends its children with it. The next start recovers from the log.
    orphanSignal: 'SIGQUIT',
    prepare: async () => {
      if (!existsSync(data)) await createCluster(options, data);
      await writeConfiguration(options, data);
    },
    isReady: () => probe(port, startupMessage(), (text) => text.startsWith('R')),
  };
}

/** The URL a client connects with. The password is part of it. */
export function postgresUrl({ port, password }: PostgresOptions, database = postgresName): string {
  return `postgresql://${postgresName}:${password}@127.0.0.1:${port}/${database}`;
}

/** Under another name until it is whole, so that a start that was cut off begins again. */
async function createCluster(options: PostgresOptions, data: string): Promise<void> {
  const { folder, password, fsync = true } = options;
  const unfinished = join(folder, 'data.new');
  await rm(unfinished, { recursive: true, force: true });
  await makeOwnFolder(folder);
  await makeOwnFolder(unfinished);
  const run = { isUnprivileged: true, folder: unfinished };
  const locale = ['--encoding', 'UTF8', '--locale', 'C'];
  const sync = fsync ? [] : ['--no-sync'];
  await runToEnd(findProgram('initdb'), { ...run, args: ['-D', heldFolder, '-U', 'postgres', ...locale, ...sync] });
  // Without a server and its network. Each line is one statement.
  await runToEnd(findProgram('postgres'), {
    ...run,
    args: ['--single', '-D', heldFolder, ...(fsync ? [] : ['-F']), 'postgres'],
    input: [
      `CREATE ROLE ${postgresName} LOGIN CREATEDB PASSWORD '${password.replaceAll("'", "''")}'`,
      `CREATE DATABASE ${postgresName} OWNER ${postgresName}`,
      '',
    ].join('\n'),
  });
  // What initdb has found out about the machine, such as which kind of shared memory works, stays in its own file.
  await appendFile(join(unfinished, 'postgresql.conf'), `\ninclude '${ownConfiguration}'\n`);
  await writeConfiguration(options, unfinished);
  await rename(unfinished, data);
}

async function writeConfiguration(options: PostgresOptions, data: string): Promise<void> {
  const { port, fsync = true, sharedBuffersMiB = 128, maxConnections = 100 } = options;
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: maxConnections,
    shared_buffers: `${sharedBuffersMiB}MB`,
    fsync: fsync ? 'on' : 'off',
    full_page_writes: fsync ? 'on' : 'off',
    log_line_prefix: '%m [%p] %a ',
    timezone: 'UTC',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  await writeOwnFile(join(data, ownConfiguration), lines);
  await writeOwnFile(join(data, 'pg_hba.conf'), [`host all ${postgresName} 127.0.0.1/32 scram-sha-256`]);
}

async function makeOwnFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await giveAway(folder);
}

async function writeOwnFile(path: string, lines: readonly string[]): Promise<void> {
  await writeFile(path, `# Written by StrataKV at every start.\n${lines.join('\n')}\n`, { mode: 0o600 });
  await giveAway(path);
}

async function giveAway(path: string): Promise<void> {
  const user = unprivilegedUser();
  if (user) await chown(path, user.uid, user.gid);
}

/** Begins a session, as the protocol's StartupMessage does. A server that takes sessions asks for the password: `R`. */
function startupMessage(): Uint8Array {
  const version = 3 << 16;
  const parameters = `user\0${postgresName}\0database\0${postgresName}\0\0`;
  const message = Buffer.alloc(8 + parameters.length);
  message.writeInt32BE(message.length, 0);
  message.writeInt32BE(version, 4);
  message.write(parameters, 8);
  return message;
}
