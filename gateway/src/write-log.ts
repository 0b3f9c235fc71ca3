import type { QueuedOperation } from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';
import type { PublishedMessage } from './write-publisher.ts';

/**
 * Logs what was queued, one line a message with the id and the trace of each write in it, so that a search for either
 * finds where the write went. Refused messages are logged always.
 */
export function logMessage(
  logger: Logger,
  { partition, operations, error }: PublishedMessage,
  isVerbose: boolean,
): void {
  if (error === undefined && !isVerbose) return;
  const fields = { partition, writes: operations.map(writeFields) };
  if (error === undefined) logger.info(fields, 'queued');
  else logger.warn({ err: error, ...fields }, 'not queued, as far as is known');
}

function writeFields(operation: QueuedOperation): object {
  const { id, action } = operation;
  return action === 'settle' ? { id, action } : { id, action, traceId: operation.traceId };
}
