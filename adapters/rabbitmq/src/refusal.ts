import { StrataError } from '@stratakv/core';

/** The broker, or what is needed of it, cannot be reached. What was to be published is certainly not queued. */
export function unavailable(detail: string, cause?: unknown): StrataError {
  return new StrataError('unavailable', detail, { cause, extensions: { retryAfterSeconds: 2 } });
}

/** The broker, or the way to it, is full. What was to be published is certainly not queued. */
export function overloaded(detail: string, retryAfterSeconds = 2): StrataError {
  return new StrataError('overloaded', detail, { extensions: { retryAfterSeconds } });
}

/** What was thrown, as an error. */
export function errorOf(cause: unknown): Error {
  return cause instanceof Error ? cause : new Error(String(cause));
}
