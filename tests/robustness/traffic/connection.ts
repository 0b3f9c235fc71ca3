import { Agent, type IncomingMessage, request as send } from 'node:http';
import { Answer } from '../../framework/answer.ts';
import type { Loss } from '../history/call.ts';
import type { RequestForm } from './request-form.ts';

/** How long a client waits before it gives up. */
export interface Patience {
  readonly timeoutMs: number;
  /** Cuts its connection after this, as a client that is closed by its user does; undefined: it does not. */
  readonly hangUpAfterMs?: number | undefined;
}

export type Exchange =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'lost'; readonly how: Loss };

/**
 * One connection of a client, kept open from request to request, and made anew when it was lost. Sends nothing a second
 * time: whoever lost an answer decides himself.
 */
export class Connection {
  readonly #url: URL;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** Sends a request and takes its whole answer. Never rejects. */
  exchange({ method, path, headers, body }: RequestForm, patience: Patience): Promise<Exchange> {
    const { promise, resolve } = Promise.withResolvers<Exchange>();
    const { hostname: host, port } = this.#url;
    const request = send({ agent: this.#agent, host, port, method, path, headers });
    const giveUp = (how: Loss) => {
      resolve({ kind: 'lost', how });
      request.destroy();
    };
    const timers = [setTimeout(giveUp, patience.timeoutMs, 'timeout')];
    if (patience.hangUpAfterMs !== undefined) timers.push(setTimeout(giveUp, patience.hangUpAfterMs, 'hung-up'));
    request.on('response', (incoming) =>
      collect(incoming).then(
        (answer) => resolve({ kind: 'answer', answer }),
        () => giveUp('reset'),
      ),
    );
    request.on('error', () => giveUp('reset'));
    request.end(body);
    return promise.finally(() => {
      for (const timer of timers) clearTimeout(timer);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function collect(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return new Answer(incoming.statusCode ?? 0, incoming.rawHeaders, Buffer.concat(chunks));
}
