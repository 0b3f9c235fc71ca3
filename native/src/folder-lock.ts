import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { StartError } from '@stratakv/service-kit';

/**
 * Makes this process the only one of this machine that uses the data folder. The lock is a socket in Linux's abstract
 * namespace: it needs no file, and the kernel gives it up when the process ends, however it ends.
 *
 * @throws StartError when another one has it
 */
export async function lockFolder(folder: string): Promise<Server> {
  const name = createHash('sha256').update(realpathSync(folder)).digest('hex');
  const server = createServer((socket) => socket.destroy());
  server.listen(`\0stratakv-${name}`);
  try {
    await once(server, 'listening');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    throw new StartError(
      `The data folder ${folder} is in use by another process.`,
      'Stop that one (./start.sh stop), or set KV_DATA_DIR to another folder.',
      error,
    );
  }
  return server.unref();
}
