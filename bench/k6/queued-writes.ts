import { type Answer, type Client, type Expectations, header } from './client.ts';
import type { Entries } from './entries.ts';
import { ownTtl } from './own-entry.ts';
import { jsonOf, valueExpected } from './reads.ts';

interface Receipt {
  readonly id: string;
  readonly status: string;
  readonly action: string;
  readonly key: string;
  readonly version?: number;
  readonly links: { readonly self: string };
}

interface Queued {
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

const plainText = { 'Content-Type': 'text/plain' };

/** Writes that are answered with 202, and what shows later that they were applied. */
export class QueuedWrites {
  readonly #client: Client;
  readonly #entries: Entries;
  readonly #prefix: string;
  #count = 0;
  #streams = 0;
  /** The last write whose outcome nobody has asked for. */
  #unasked: Queued | undefined;
  /** The last write of the stream, which only this virtual user writes, while it has not been read. */
  #unread: Queued | undefined;

  /** @param prefix of the keys that are this virtual user's alone */
  constructor(client: Client, entries: Entries, prefix: string) {
    this.#client = client;
    this.#entries = entries;
    this.#prefix = prefix;
  }

  put(): void {
    const index = this.#entries.pick();
    this.#unasked = this.#queue(this.#entries.key(index), this.#entries.value(index), plainText) ?? this.#unasked;
  }

  /** A write of an entry that is there, waited for. */
  putWaited(): void {
    const index = this.#entries.pick();
    const path = `/kv/${this.#entries.key(index)}`;
    const request = { method: 'PUT', path, headers: plainText, body: this.#entries.value(index) } as const;
    this.#client.sendWaited('put_wait', request, 204, {
      ETag: (answer) => /^"[1-9]\d*"$/.test(header(answer, 'Etag')),
      'Link to the operation': (answer) => header(answer, 'Link').endsWith('; rel="monitor"'),
    });
  }

  /** Asks what became of a write; the first time there is none, so it writes. */
  askOperation(): void {
    const queued = this.#unasked;
    if (queued === undefined) {
      this.put();
      return;
    }
    this.#unasked = undefined;
    const path = `/operations/${queued.id}`;
    const answer = this.#client.send(
      'operation',
      { method: 'GET', path, headers: { Prefer: 'wait=5' } },
      {
        'status 200': ({ status }) => status === 200,
        'applied, or queued': (got) => {
          const { id, status, key, version } = jsonOf<Receipt>(got);
          const isApplied = status === 'applied' && key === queued.key && Number.isSafeInteger(version);
          return id === queued.id && (isApplied || status === 'queued');
        },
      },
    );
    if (answer !== undefined && jsonOf<Receipt>(answer).status === 'queued') this.#client.late();
  }

  /** Every second time a new value, answered with 202; then a read with its token, which has to show that value. */
  readOwnWrite(): void {
    const unread = this.#unread;
    if (unread !== undefined) {
      this.#unread = undefined;
      const path = `/kv/${unread.key}`;
      const expected = valueExpected(unread.value);
      this.#client.send('sync_read', { method: 'GET', path, headers: { 'Sync-Token': unread.id } }, expected);
      return;
    }
    const key = `${this.#prefix}stream-${this.#streams}`;
    const value = `write ${this.#count} of ${key}`;
    this.#unread = this.#queue(key, value, { ...plainText, 'KV-TTL': String(ownTtl) });
    // One that was not clearly accepted may still land later, over what is written next.
    if (this.#unread === undefined) this.#streams += 1;
  }

  #queue(key: string, value: string, headers: Readonly<Record<string, string>>): Queued | undefined {
    this.#count += 1;
    const answer = this.#client.send('put', { method: 'PUT', path: `/kv/${key}`, headers, body: value }, receipts(key));
    return answer === undefined ? undefined : { id: header(answer, 'Sync-Token'), key, value };
  }
}

function receipts(key: string): Expectations {
  const named = (answer: Answer) => `/operations/${header(answer, 'Sync-Token')}`;
  return {
    'status 202': (answer) => answer.status === 202,
    'headers of the operation': (answer) =>
      header(answer, 'Sync-Token') !== '' && header(answer, 'Location') === named(answer),
    'the receipt': (answer) => {
      const receipt = jsonOf<Receipt>(answer);
      return (
        receipt.action === 'put' &&
        receipt.key === key &&
        receipt.status === 'queued' &&
        receipt.links.self === named(answer)
      );
    },
  };
}
