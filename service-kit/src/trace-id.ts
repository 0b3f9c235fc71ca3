import type { IncomingMessage } from 'node:http';

/** W3C Trace Context, §3.2: version, trace-id, parent-id, flags. Later versions may add fields at the end. */
const traceparent = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/**
 * The id that goes with a request through every hop and into every log line about it: the trace-id of its
 * `traceparent`, 32 hexadecimal digits; undefined when it has none that is valid.
 */
export function traceIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const sent = headers.traceparent;
  return typeof sent === 'string' ? traceparent.exec(sent)?.[1] : undefined;
}
