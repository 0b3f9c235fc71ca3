import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { runToEnd } from '../launch.ts';
import { ManagedProcess } from '../managed-process.ts';
import { findProgram } from '../program.ts';
import { postgresSpec, postgresUrl } from '../servers/postgres.ts';
import { TemporaryFolder } from './temporary-folder.ts';

export interface TestPostgres {
  /** Of the database `stratakv`, with the password. */
  readonly url: string;
  readonly process: ManagedProcess;
  /** Makes an empty database of its own and gives its URL. */
  createDatabase(): Promise<string>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

/**
 * Starts a PostgreSQL for tests.
 *
 * @param options.fsync false (the default) is quicker, and survives a kill of the process, but not of the machine
 */
export async function startPostgres({ fsync = false } = {}): Promise<TestPostgres> {
  const folder = new TemporaryFolder();
  const password = randomBytes(16).toString('hex');
  const name = 'postgres';
  const options = { name, folder: join(folder.path, name), port: await freePort(), password, fsync };
  const server = new ManagedProcess(postgresSpec({ ...options, sharedBuffersMiB: 64 }), {
    logFile: folder.logFile(name),
  });
  await folder.start(server);
  return {
    url: postgresUrl(options),
    process: server,
    createDatabase: async () => {
      const database = `test_${randomBytes(6).toString('hex')}`;
      const args = ['-h', '127.0.0.1', '-p', `${options.port}`, '-U', 'stratakv', '-d', 'stratakv'];
      await runToEnd(findProgram('psql'), {
        args: [...args, '--no-psqlrc', '--quiet', '-c', `CREATE DATABASE ${database}`],
        env: { PGPASSWORD: password },
      });
      return postgresUrl(options, database);
    },
    close: () => folder.close(),
  };
}
