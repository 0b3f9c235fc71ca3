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
}

const plainText = { 'Content-Type': 'text/plain' };

/** Writes that are answered with 202, and what shows that they were applied. */
export class QueuedWrites {
  readonly #client: Client;
  readonly #entries: Entries;
  readonly #prefix: string;
  #count = 0;
  #streams = 0;

  /** @param prefix of the keys that are this virtual user's alone */
  constructor(client: Client, entries: Entries, prefix: string) {
    this.#client = client;
    this.#entries = entries;
    this.#prefix = prefix;
  }

  /** Writes an entry that is there; gives its operation, unless the store refused it. */
  put(): Queued | undefined {
    const index = this.#entries.pick();
    return this.#queue(this.#entries.key(index), this.#entries.value(index), plainText);
  }

  /** The same, waited for. */
  putWaited(): void {
    const index = this.#entries.pick();
    const path = `/kv/${this.#entries.key(index)}`;
    const request = { method: 'PUT', path, headers: plainText, body: this.#entries.value(index) } as const;
    this.#client.sendWaited('put_wait', request, 204, {
      ETag: (answer) => /^"[1-9]\d*"$/.test(header(answer, 'Etag')),
      'Link to the operation': (answer) => header(answer, 'Link').endsWith('; rel="monitor"'),
    });
  }

  /** A write, and what became of it. */
  putAndAsk(): void {
    const queued = this.put();
    if (queued === undefined) return;
    const request = { method: 'GET', path: `/operations/${queued.id}`, headers: { Prefer: 'wait=5' } } as const;
    const answer = this.#client.send('operation', request, {
      'status 200': ({ status }) => status === 200,
      'applied, or queued': (got) => {
        const { id, status, key, version } = jsonOf<Receipt>(got);
        const isApplied = status === 'applied' && key === queued.key && Number.isSafeInteger(version);
        return id === queued.id && (isApplied || status === 'queued');
      },
    });
    if (answer !== undefined && jsonOf<Receipt>(answer).status === 'queued') this.#client.late();
  }

  /** A new value, and a read with its token, which has to show it. */
  putAndRead(): void {
    const key = `${this.#prefix}stream-${this.#streams}`;
    const value = `write ${this.#count} of ${key}`;
    const queued = this.#queue(key, value, { ...plainText, 'KV-TTL': String(ownTtl) });
    if (queued === undefined) {
      // One that was not clearly accepted may still land later, over what is written next.
      this.#streams += 1;
      return;
    }
    const request = { method: 'GET', path: `/kv/${key}`, headers: { 'Sync-Token': queued.id } } as const;
    this.#client.send('sync_read', request, valueExpected(value));
  }

  #queue(key: string, value: string, headers: Readonly<Record<string, string>>): Queued | undefined {
    this.#count += 1;
    const answer = this.#client.send('put', { method: 'PUT', path: `/kv/${key}`, headers, body: value }, receipts(key));
    return answer === undefined ? undefined : { id: header(answer, 'Sync-Token'), key };
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
