import {
  type Key,
  keyPath,
  type OperationId,
  type OperationIdParts,
  type OperationRecord,
  type Outcome,
  operationCreatedAt,
  StrataError,
} from '@stratakv/core';

/** Path of an operation, also the text of `Location` and of `links.self`. */
export function operationPath(id: OperationId): string {
  return `/operations/${id}`;
}

/** Milliseconds since 1970 as RFC 3339 in UTC. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** The receipt of a write that was accepted just now, JSON with a newline. */
export function queuedReceipt(id: OperationId, action: 'put' | 'delete', key: Key): string {
  const acceptedAt = timestamp(operationCreatedAt(id));
  const links = { self: operationPath(id), entry: keyPath(key) };
  return `${JSON.stringify({ id, status: 'queued', action, key, acceptedAt, links })}\n`;
}

/** The receipt of an operation without an outcome, of which only the id is known. */
export function unsettledReceipt({ id, createdAt }: OperationIdParts): object {
  return { id, status: 'queued', acceptedAt: timestamp(createdAt), links: { self: operationPath(id) } };
}

/** The receipt of an operation that has its outcome. */
export function settledReceipt({ id, action, key, outcome, settledAt }: OperationRecord, problem?: object): object {
  const applied = outcome.status === 'applied' ? outcome : undefined;
  return {
    id,
    status: outcome.status,
    action,
    key,
    version: applied?.version,
    created: action === 'put' ? applied?.isCreated : undefined,
    acceptedAt: timestamp(operationCreatedAt(id)),
    settledAt: timestamp(settledAt),
    expiresAt: applied?.expiresAt === undefined ? undefined : timestamp(applied.expiresAt),
    problem,
    links: { self: operationPath(id), entry: key === undefined ? undefined : keyPath(key) },
  };
}

/** The error that an outcome other than `applied` stands for; undefined for `applied`. */
export function outcomeError({ id, key, outcome }: OperationRecord): StrataError | undefined {
  if (outcome.status === 'applied') return undefined;
  return new StrataError(outcome.code, explain(outcome), {
    extensions: {
      operation: operationPath(id),
      ...(key === undefined ? {} : { key }),
      ...(outcome.status === 'rejected' && outcome.currentVersion !== undefined
        ? { currentVersion: outcome.currentVersion }
        : {}),
    },
  });
}

function explain(outcome: Exclude<Outcome, { status: 'applied' }>): string {
  switch (outcome.code) {
    case 'version-mismatch':
      return outcome.status === 'rejected' && outcome.currentVersion !== undefined
        ? `The condition does not hold: the entry is at version ${outcome.currentVersion}.`
        : 'The condition does not hold: there is no entry.';
    case 'idempotency-conflict':
      return 'This Idempotency-Key was used for a write that asked for something else.';
    case 'not-accepted':
      return 'The write never reached the queue. It was not applied and will not be.';
    default:
      return 'The write could not be applied. It changed nothing.';
  }
}
