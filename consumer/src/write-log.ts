import type { Folded } from '@stratakv/core';
import type { Logger } from '@stratakv/service-kit';

/**
 * Logs what became of a batch, one line with the id, the trace and the outcome of each operation, so that a search for
 * either id finds how the write ended. `known`: it came again, and had this outcome already.
 */
export function logSettled(logger: Logger, folded: readonly Folded[]): void {
  if (folded.length > 0) logger.info({ writes: folded.map(settledFields) }, 'settled');
}

function settledFields(settled: Folded): object {
  const { operation, kind } = settled;
  const traceId = operation.action === 'settle' ? undefined : operation.traceId;
  const id = { id: operation.id, traceId };
  if (settled.kind === 'refused') return { ...id, kind };
  const { outcome } = settled.record;
  const version = outcome.status === 'applied' ? outcome.version : undefined;
  const code = outcome.status === 'applied' ? undefined : outcome.code;
  return { ...id, kind, status: outcome.status, version, code };
}
