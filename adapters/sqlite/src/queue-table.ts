import type { DatabaseSync } from 'node:sqlite';
import type { DeadLetter } from '@stratakv/core';

const sql = {
  append: 'INSERT INTO queue (partition, sequence, body) VALUES (?, ?, ?)',
  remove: 'DELETE FROM queue WHERE partition = ? AND sequence <= ?',
  removable: `SELECT count(*) AS messages, coalesce(sum(length(body)), 0) AS bytes
              FROM queue WHERE partition = ? AND sequence <= ?`,
  page: 'SELECT sequence, body FROM queue WHERE partition = ? AND sequence > ? ORDER BY sequence LIMIT ?',
  ends: `SELECT partition, max(sequence) AS last, count(*) AS messages, sum(length(body)) AS bytes
         FROM queue GROUP BY partition`,
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
  readonly bytes: number;
}

/** What waits in one partition's queue. */
export interface QueueEnd {
  readonly partition: number;
  readonly last: number;
  readonly messages: number;
  readonly bytes: number;
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
      const { messages, bytes } = removable.get(partition, throughSequence) as unknown as Removed;
      remove.run(partition, throughSequence);
      return { messages, bytes };
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
  const ends = database.prepare(sql.ends).all() as unknown as QueueEnd[];
  const { dead } = database.prepare(sql.countSetAside).get() as { dead: number };
  return { ends: ends.map((end) => ({ ...end })), deadLetters: dead };
}
