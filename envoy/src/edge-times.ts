/** How long a gateway may take, from the settings it runs with. Milliseconds. */
export interface GatewayTimes {
  /** `KV_READ_TIMEOUT`. */
  readonly readTimeoutMs: number;
  /** `KV_CONFIRM_TIMEOUT`. */
  readonly confirmTimeoutMs: number;
}

/** How long each proxy waits, milliseconds. Whoever is nearer to the client waits longer, so that the one who knows more answers. */
export interface EdgeTimes {
  readonly envoy: {
    /** A read without an answer is sent to a second gateway as well. */
    readonly readHedgeMs: number;
    /** None of them answers a read. */
    readonly readMs: number;
    /** A gateway does not answer a write. */
    readonly writeMs: number;
    /** The same for requests that may wait for an outcome. */
    readonly waitMs: number;
  };
  readonly nginx: { readonly readMs: number; readonly writeMs: number; readonly waitMs: number };
}

/** The longest `Prefer: wait=N`. */
const maxWaitMs = 60_000;
/** What a gateway needs beside the waiting it was told about, on a machine that is short of CPU. */
const marginMs = 2_000;
/** Between the time-outs of one hop and the next. */
const stepMs = 1_500;

/**
 * The table of time-outs. A gateway that hangs costs a read `readHedgeMs`, a write `writeMs`. A proxy or a gateway that
 * works never runs into one: it answers 503 by itself before.
 */
export function edgeTimes({ readTimeoutMs, confirmTimeoutMs }: GatewayTimes): EdgeTimes {
  const readHedgeMs = Math.min(2_000, readTimeoutMs);
  const readMs = readHedgeMs + readTimeoutMs + marginMs;
  const writeMs = confirmTimeoutMs + marginMs;
  // A read that waits for a write reads after it; a write is confirmed before it waits.
  const waitMs = maxWaitMs + Math.max(readTimeoutMs, confirmTimeoutMs) + marginMs;
  return {
    envoy: { readHedgeMs, readMs, writeMs, waitMs },
    nginx: { readMs: readMs + stepMs, writeMs: writeMs + stepMs, waitMs: waitMs + stepMs },
  };
}

/** A `google.protobuf.Duration` in JSON. */
export function envoyTime(ms: number): string {
  return `${(ms / 1000).toFixed(3)}s`;
}
