import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { DeadLetter } from '@stratakv/core';

const sql = {
  append: 'INSERT INTO queue (partition, sequence, body) VALUES (?, ?, ?)',
  remove: 'DELETE FROM queue WHERE partition = ? AND sequence <= ?',
  removable: `SELECT length(body) AS bytes, substr(body, 1, 6) AS front
              FROM queue WHERE partition = ? AND sequence <= ?`,
  page: 'SELECT sequence, body FROM queue WHERE partition = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  all: `SELECT partition, sequence, length(body) AS bytes, substr(body, 1, 6) AS front
        FROM queue ORDER BY partition, sequence`,
  setAside: 'INSERT INTO dead_letters (partition, at, reason, operations, body) VALUES (?, ?, ?, ?, ?)',
  // Its value changes each time: a row that stays as it is would not be written.
  probe: `INSERT INTO installation (name, value) VALUES ('probe', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
  countSetAside: 'SELECT count(*) AS dead FROM dead_letters',
};

export interface QueuedMessage {
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** What an ack took off the queue. */
export interface Removed {
  readonly messages: number;
  /** In all these messages: what applying them takes goes by operations. */
  readonly operations: number;
  readonly bytes: number;
}

/** What waits in one partition's queue. */
export interface QueueEnd {
  readonly partition: number;
  readonly last: number;
  readonly messages: number;
  readonly operations: number;
  readonly bytes: number;
}

/** Header, number of operations. */
const frontBytes = 6;

/** The shortest operation: its id, its kind, its flags and the length of a text. */
const leastOperationBytes = 28;

/** How many operations a message of `bytes` bytes says it holds; no more than fit into it, so that damage stays small. */
export function countOperations(front: Uint8Array, bytes: number): number {
  if (front.length < frontBytes) return 0;
  const said = new DataView(front.buffer, front.byteOffset).getUint32(2);
  return Math.min(said, Math.floor((bytes - frontBytes) / leastOperationBytes));
}

/** Makes the functions that change the queue's tables; to be called inside a transaction. */
export function prepareQueueWrites(database: DatabaseSync) {
  const append = database.prepare(sql.append);
  const remove = database.prepare(sql.remove);
  const removable = database.prepare(sql.removable);
  const setAside = database.prepare(sql.setAside);
  const probe = database.prepare(sql.probe);
  return {
    append(partition: number, sequence: number, body: Uint8Array): void {
      append.run(partition, sequence, body);
    },
    remove(partition: number, throughSequence: number): Removed {
      const removed = { messages: 0, operations: 0, bytes: 0 };
      for (const row of removable.iterate(partition, throughSequence)) add(removed, row);
      remove.run(partition, throughSequence);
      return removed;
    },
    setAside(letter: DeadLetter, nowMs: number): void {
      const { partition, body, reason, ids } = letter;
      setAside.run(partition, nowMs, reason, JSON.stringify(ids), body);
    },
    probe(nowMs: number): void {
      probe.run(Buffer.from(String(nowMs)));
    },
  };
}

/** Messages of a partition after a sequence number, in order, until `maxBytes` or `limit` is reached; at least one. */
export function prepareQueuePage(database: DatabaseSync) {
  const page = database.prepare(sql.page);
  return (partition: number, after: number, limit: number, maxBytes: number): QueuedMessage[] => {
    const messages: QueuedMessage[] = [];
    let bytes = 0;
    for (const row of page.iterate(partition, after, limit)) {
      const body = row.body as Uint8Array;
      messages.push({ sequence: row.sequence as number, body });
      bytes += body.length;
      if (bytes >= maxBytes) break;
    }
    return messages;
  };
}

/** What the queue held when the store was opened. */
export function readQueueEnds(database: DatabaseSync): { ends: QueueEnd[]; deadLetters: number } {
  const ends = new Map<number, { -readonly [Name in keyof QueueEnd]: QueueEnd[Name] }>();
  for (const row of database.prepare(sql.all).iterate()) {
    const partition = row.partition as number;
    const end = ends.get(partition) ?? { partition, last: 0, messages: 0, operations: 0, bytes: 0 };
    end.last = row.sequence as number;
    add(end, row);
    ends.set(partition, end);
  }
  const { dead } = database.prepare(sql.countSetAside).get() as { dead: number };
  return { ends: [...ends.values()], deadLetters: dead };
}

function add(
  sum: { messages: number; operations: number; bytes: number },
  row: Readonly<Record<string, SQLOutputValue>>,
): void {
  const bytes = row.bytes as number;
  sum.messages += 1;
  sum.operations += countOperations(row.front as Uint8Array, bytes);
  sum.bytes += bytes;
}
