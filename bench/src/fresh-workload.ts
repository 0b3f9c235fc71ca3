import { expectLength, expectStatus, requestHead } from './answer-checks.ts';
import { createPicker, createRandom, entryKey, entryValue } from './dataset.ts';
import { FreshnessWatch } from './freshness.ts';
import type { Client, Exchange, LoadNotes, Workload } from './workload.ts';

/** Of the writes, one in so many waits until it is applied: only then it is known what a later read must show. */
const waitedEvery = 4;
const waitSeconds = 10;
const stamp = /^=(\d{4})\.(\d{10});/;

/** A value that tells which write it is from, beside its key. */
export function stampedValue(index: number, epoch: number, sequence: number, bytes: number): string {
  const mark = `=${String(epoch).padStart(4, '0')}.${String(sequence).padStart(10, '0')};`;
  return (entryKey(index) + mark).padEnd(bytes, entryValue(index, bytes)).slice(0, bytes);
}

/** The sequence of a value that this epoch wrote; 0 for one from before; undefined for one of another key. */
export function sequenceOf(value: string, index: number, epoch: number): number | undefined {
  const key = entryKey(index);
  if (!value.startsWith(key)) return undefined;
  const [, wroteIn, sequence] = stamp.exec(value.slice(key.length)) ?? [];
  return Number(wroteIn) === epoch ? Number(sequence) : 0;
}

/**
 * Clients that read and write the same entries. Each value says which write it is from, so that an answer with a value
 * from before the last write known to be applied is noticed, counted and timed. What is answered may still be right:
 * `FreshnessWatch` tells how far behind it was, and the benchmark holds that against what is promised.
 */
export function createFreshClients(
  workload: Extract<Workload, { kind: 'fresh-mix' }>,
  host: string,
  seed: number,
  notes: LoadNotes,
): () => Client {
  const { entries, distribution, writes } = workload;
  const pick = createPicker(distribution, entries, seed);
  const random = createRandom(seed + 1);
  const watch = new FreshnessWatch();
  notes.freshness = watch;
  const makers = { host, watch, ...workload };
  let written = 0;
  return () => () => {
    if (random() >= writes) return read(makers, pick());
    return write(makers, pick(), written++ % waitedEvery === 0);
  };
}

interface Makers {
  readonly host: string;
  readonly watch: FreshnessWatch;
  readonly valueBytes: number;
  readonly epoch: number;
}

function write({ host, watch, valueBytes, epoch }: Makers, index: number, isWaited: boolean): Exchange {
  const begun = watch.begin(index);
  const prefer = isWaited ? `prefer: wait=${waitSeconds}\r\n` : '';
  const headers = `${prefer}content-type: text/plain\r\ncontent-length: ${valueBytes}\r\n`;
  const value = stampedValue(index, epoch, begun.sequence, valueBytes);
  return {
    head: requestHead(`PUT /kv/${entryKey(index)}`, host, headers) + value,
    body: undefined,
    isWrite: true,
    findMistake: ({ status }) => {
      watch.end(begun, isWaited, performance.now());
      if (!isWaited) return expectStatus(status, 202);
      return status === 201 || status === 204 ? undefined : `status ${status} for a waited PUT`;
    },
  };
}

function read({ host, watch, valueBytes, epoch }: Makers, index: number): Exchange {
  const expected = watch.expect(index);
  const sentAt = performance.now();
  return {
    head: requestHead(`GET /kv/${entryKey(index)}`, host),
    body: undefined,
    findMistake: ({ status, body }) => {
      const mistake = expectStatus(status, 200) ?? expectLength(body, valueBytes);
      if (mistake !== undefined) return mistake;
      const sequence = sequenceOf(body.toString('latin1', 0, 64), index, epoch);
      if (sequence === undefined) return `wrong value under ${entryKey(index)}`;
      if (expected !== undefined) watch.judge(expected, sequence, sentAt);
      return undefined;
    },
  };
}
