import type { Channel } from 'amqplib';

/** Closes a channel; resolves when it is closed, by whoever. amqplib's own promise stays open when the connection goes first. */
export function closeChannel(channel: Channel): Promise<void> {
  return new Promise((resolve) => {
    channel.once('close', resolve);
    // It throws for a channel that is closed.
    channel.close().catch(resolve);
  });
}
