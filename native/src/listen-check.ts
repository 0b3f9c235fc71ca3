import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartError } from '@stratakv/service-kit';

/** @throws StartError when nobody could listen there: a minute later, nginx would say so in its log */
export async function checkListen({ bind, port }: { readonly bind: string; readonly port: number }): Promise<void> {
  const server = createServer();
  server.listen({ host: bind, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new StartError(`Port ${port} on ${bind} is in use.`, 'Set KV_PORT to a free port.', error);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`Cannot listen on ${bind} port ${port}: ${reason}.`, 'Check KV_BIND and KV_PORT.', error);
  }
  server.close();
  await once(server, 'close');
}
