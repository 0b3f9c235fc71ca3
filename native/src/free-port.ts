import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { reservePort } from './port-reservation.ts';

// Below the range that outgoing connections take their ports from (32,768 upwards on Linux): a port chosen here is still
// free when a server comes back to it after a restart.
const lowest = 15_000;
const beyond = 32_000;

/** A port on 127.0.0.1 that is free now, and is given to nobody else as long as this process runs. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, beyond);
    if ((await reservePort(port)) && (await isFree(port))) return port;
  }
}

/** Whether a server could listen on the port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
