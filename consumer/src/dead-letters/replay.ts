import { formatEtag, keyPath, type Operation, type OperationId, type QueuedOperation } from '@stratakv/core';

/** How an operation of a dead letter ended when it was sent again. */
export interface Replayed {
  /** The id it had. */
  readonly id: OperationId;
  readonly key: string;
  /** Of the answer: 201, 204, 412… */
  readonly status: number;
}

/** The answer says nothing final: the letter stays, and the same command may be given again. */
export class ReplayFailed extends Error {
  override name = 'ReplayFailed';
}

const waitSeconds = 30;

/**
 * Sends the writes of a dead letter again, in order, through the public API: as new operations, judged as of now. The
 * Idempotency-Key is made of the old id, so that a replay that was cut off can be repeated without applying twice.
 *
 * @param origin of the store, such as `http://127.0.0.1:8080`
 * @throws ReplayFailed
 */
export async function* replayOperations(
  origin: string,
  operations: readonly QueuedOperation[],
): AsyncGenerator<Replayed, void, void> {
  for (const operation of operations) {
    if (operation.action === 'settle') continue;
    const { id, key } = operation;
    const { status, text } = await send(origin, operation);
    // Refused for good is an outcome too: a condition that does not hold, a key another write has used.
    const isFinal = (status >= 200 && status < 300 && status !== 202) || status === 412 || status === 422;
    if (!isFinal) throw new ReplayFailed(`The write of ${key} (${id}) was answered ${status}: ${text.trim()}`);
    yield { id, key, status };
  }
}

async function send(origin: string, operation: Operation): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(`${origin}${keyPath(operation.key)}`, {
      method: operation.action === 'put' ? 'PUT' : 'DELETE',
      headers: headersOf(operation),
      signal: AbortSignal.timeout((waitSeconds + 10) * 1000),
      ...(operation.action === 'put' ? { body: new Uint8Array(operation.value) } : {}),
    });
    return { status: answer.status, text: await answer.text() };
  } catch (cause) {
    throw new ReplayFailed(`The store at ${origin} does not answer.`, { cause });
  }
}

function headersOf(operation: Operation): Headers {
  const headers = new Headers({
    prefer: `wait=${waitSeconds}`,
    'idempotency-key': `dead-letter-${operation.id}`,
  });
  const { condition } = operation;
  if (condition?.kind === 'version') headers.set('if-match', formatEtag(condition.version));
  if (condition?.kind === 'present') headers.set('if-match', '*');
  if (condition?.kind === 'absent') headers.set('if-none-match', '*');
  if (operation.action === 'delete') return headers;
  headers.set('content-type', operation.contentType);
  if (operation.ttlSeconds !== undefined) headers.set('kv-ttl', String(operation.ttlSeconds));
  for (const [name, value] of operation.meta) headers.set(`kv-meta-${name}`, value);
  return headers;
}
