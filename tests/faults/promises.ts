import { ok } from 'node:assert/strict';
import { between, type Sample, tally } from './probe.ts';

/** What is promised to one kind of request while something is away. */
export type Promised =
  /** As if nothing had happened. */
  | 'as usual'
  /** 503 with Retry-After, within a second. */
  | 'shed'
  /** 503, in time. */
  | 'unavailable'
  /** Nothing, until it is back. */
  | 'nothing';

/** What holds while a process is away. */
export interface Promises {
  readonly puts: Promised;
  /** Reads of what is cached. */
  readonly gets: Promised;
  /** Reads with `no-cache`. */
  readonly latest: Promised;
  /** From how long after the fault on, milliseconds: until then it may show. */
  readonly afterMs: number;
}

export const asUsual: Promises = { puts: 'as usual', gets: 'as usual', latest: 'as usual', afterMs: 0 };

const shedWithinMs = 1000;
/** Longer than the edge waits for a read: `KV_READ_TIMEOUT` at each of two gateways, the second asked while the first is. */
const unavailableWithinMs = 12_000;
/** The longest time-out of the edge for a write that does not wait, and a margin. */
const refusedWithinMs = 15_000;
const leastSamples = 5;

/** The time that is looked at, milliseconds since 1970. */
export interface Window {
  readonly failedAt: number;
  readonly until: number;
  /** Whether the process may have been back for a part of it: then a request may have gone as usual. */
  readonly mayBeBack: boolean;
}

/** Checks what was answered from the fault, or a moment after it, on. @throws AssertionError */
export function checkPromises(
  samples: readonly Sample[],
  promises: Promises,
  { failedAt, until, mayBeBack }: Window,
): void {
  if (promises.puts !== 'nothing') checkTransition(between(samples, failedAt, failedAt + promises.afterMs));
  const during = between(samples, failedAt + promises.afterMs, until);
  const questions = { put: promises.puts, get: promises.gets, latest: promises.latest } as const;
  for (const [question, promised] of Object.entries(questions)) {
    if (promised === 'nothing') continue;
    const asked = during.filter((sample) => sample.question === question);
    // One that is started again at once may be back before the promise begins.
    ok(mayBeBack || asked.length >= leastSamples, `only ${asked.length} requests (${question}) while it was away`);
    const broken = asked.filter((sample) => {
      // One that waited until it was back was answered as usual.
      const isAnsweredAfter = mayBeBack || sample.at + sample.tookMs >= until;
      return !(keeps(sample, promised) || (isAnsweredAfter && keeps(sample, 'as usual')));
    });
    ok(broken.length === 0, `${question} is promised ${promised}; of ${asked.length}: ${tally(asked)}`);
  }
}

/** Until the promise begins, requests may be refused, but not wrongly, and not for ever. */
function checkTransition(samples: readonly Sample[]): void {
  const broken = samples.filter((sample) => {
    const isRefused = sample.status === 503 && sample.hasRetryAfter && sample.tookMs <= refusedWithinMs;
    return !(isRefused || keeps(sample, 'as usual'));
  });
  ok(broken.length === 0, `just after the fault: ${tally(broken)}, the slowest after ${slowest(broken)} ms`);
}

function slowest(samples: readonly Sample[]): number {
  return Math.max(0, ...samples.map(({ tookMs }) => tookMs));
}

function keeps({ question, status, tookMs, hasRetryAfter }: Sample, promised: Promised): boolean {
  switch (promised) {
    case 'as usual':
      return question === 'put' ? status === 202 : status === 200;
    case 'shed':
      return status === 503 && hasRetryAfter && tookMs <= shedWithinMs;
    case 'unavailable':
      return status === 503 && tookMs <= unavailableWithinMs;
    case 'nothing':
      return true;
  }
}
