import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request as send } from 'node:http';
import { Answer } from './answer.ts';

export interface RequestOptions {
  /** A list of values sends the header once for each. Characters above 0xff cannot be sent: encode as latin1. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  /** Sent with its length. Without one, PUT and POST send `Content-Length: 0`. */
  readonly body?: Uint8Array | string | undefined;
  /** Sends the body in chunks instead of with its length. */
  readonly isChunked?: boolean | undefined;
}

const answerWithinMs = 20_000;

/** Sends requests as they are written: neither the path nor a header is normalised, no redirect is followed. */
export class HttpClient {
  readonly #url: URL;
  #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(url: string) {
    this.#url = new URL(url);
  }

  /** @throws Error when no whole answer arrives */
  request(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const request = send({
      agent: this.#agent,
      host: this.#url.hostname,
      port: this.#url.port,
      method,
      path,
      headers: wireHeaders(options),
      timeout: answerWithinMs,
    });
    request.on('response', (incoming) => collect(incoming).then(resolve, reject));
    request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in ${answerWithinMs} ms`)));
    request.on('error', reject);
    if (options.body === undefined) request.end();
    // As bytes: Node would join a text to the head and encode both as UTF-8, header values included.
    else request.end(Buffer.from(options.body));
    return promise;
  }

  /** Closes the idle connections, which a store that was restarted no longer knows. */
  forgetConnections(): void {
    this.#agent.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 64 });
  }
}

function wireHeaders({ headers = {}, body, isChunked = false }: RequestOptions): OutgoingHttpHeaders {
  const result: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) result[name] = typeof value === 'string' ? value : [...value];
  if (isChunked) result['Transfer-Encoding'] = 'chunked';
  else if (body !== undefined) result['Content-Length'] = Buffer.byteLength(body);
  return result;
}

async function collect(incoming: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return new Answer(incoming.statusCode ?? 0, incoming.rawHeaders, Buffer.concat(chunks));
}
