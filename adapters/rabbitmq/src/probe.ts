import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { unavailable } from './refusal.ts';

/** Nobody declares a queue of this name. */
const nowhere = 'stratakv.probe';
const probeMs = 2_000;

/**
 * Publishes a message to nowhere. Resolves when it is confirmed, or when the broker answers that it takes none now: it
 * says so only on connections that publish.
 *
 * @throws StrataError `unavailable` when it does not answer in time
 */
export function probe(connection: ChannelModel, channel: ConfirmChannel): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onBlocked = () => resolve();
  const onConfirm = (cause: unknown) => (cause ? reject(unavailable('The broker was lost.', cause)) : resolve());
  const onLate = () => reject(unavailable('The broker of the queue does not answer.'));
  const timer = setTimeout(onLate, probeMs);
  connection.once('blocked', onBlocked);
  try {
    channel.publish('', nowhere, Buffer.alloc(0), {}, onConfirm);
  } catch (cause) {
    onConfirm(cause);
  }
  return promise.finally(() => {
    clearTimeout(timer);
    connection.off('blocked', onBlocked);
  });
}
