import { connect } from 'node:net';

const probeWithinMs = 1_000;

/**
 * Sends bytes to a port of 127.0.0.1 and waits for an answer that `isAnswer` takes, one that came in pieces included.
 * Resolves to false when there is no connection, another answer, or none within a second. Never rejects.
 */
export function probe(
  port: number,
  request: Uint8Array | string,
  isAnswer: (text: string) => boolean,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let received = '';
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(probeWithinMs, () => finish(false));
    socket.on('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (isAnswer(received)) finish(true);
    });
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
  });
}
