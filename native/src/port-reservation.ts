import { once } from 'node:events';
import { createServer } from 'node:net';

const reserved = new Set<number>();

/**
 * Reserves a port for this process, until it ends. A stack chooses all its ports before the first server listens; two
 * that start at the same time, as tests do, would choose the same one now and then. A reservation is a socket in Linux's
 * abstract namespace: only one process gets it, and the kernel gives it up when that one ends, however it ends.
 *
 * @returns false when it belongs to another process, or was given already
 */
export async function reservePort(port: number): Promise<boolean> {
  if (reserved.has(port)) return false;
  reserved.add(port);
  const holder = createServer((socket) => socket.destroy()).unref();
  holder.listen(`\0stratakv-port-${port}`);
  try {
    await once(holder, 'listening');
    return true;
  } catch {
    reserved.delete(port);
    return false;
  }
}
