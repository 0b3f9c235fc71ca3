import { type Answer, type Client, header, judgementOf, waitedJudgementOf, waiting } from './client.ts';
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

const accepted = judgementOf<string>('put', {
  'status 202': (answer) => answer.status === 202,
  'headers of the operation': (answer) =>
    header(answer, 'Sync-Token') !== '' && header(answer, 'Location') === operationPath(answer),
  'the receipt': (answer, wantedKey) => {
    const { action, key, status, links } = jsonOf<Receipt>(answer);
    return action === 'put' && key === wantedKey && status === 'queued' && links.self === operationPath(answer);
  },
});
const applied = waitedJudgementOf('put_wait', () => 204, {
  ETag: (answer) => /^"[1-9]\d*"$/.test(header(answer, 'Etag')),
  'Link to the operation': (answer) => header(answer, 'Link').endsWith('; rel="monitor"'),
});
const settled = judgementOf<Queued>('operation', {
  'status 200': (answer) => answer.status === 200,
  'applied, or queued': (answer, queued) => {
    const { id, status, key, version } = jsonOf<Receipt>(answer);
    const isApplied = status === 'applied' && key === queued.key && Number.isSafeInteger(version);
    return id === queued.id && (isApplied || status === 'queued');
  },
});
const visible = judgementOf('sync_read', valueExpected);

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
    const headers = { ...plainText, ...waiting };
    this.#client.sendWaited(applied, { method: 'PUT', path, headers, body: this.#entries.value(index) }, undefined);
  }

  /** A write, and what became of it. */
  putAndAsk(): void {
    const queued = this.put();
    if (queued === undefined) return;
    const request = { method: 'GET', path: `/operations/${queued.id}`, headers: waiting } as const;
    const answer = this.#client.send(settled, request, queued);
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
    this.#client.send(visible, request, value);
  }

  #queue(key: string, value: string, headers: Readonly<Record<string, string>>): Queued | undefined {
    this.#count += 1;
    const answer = this.#client.send(accepted, { method: 'PUT', path: `/kv/${key}`, headers, body: value }, key);
    return answer === undefined ? undefined : { id: header(answer, 'Sync-Token'), key };
  }
}

function operationPath(answer: Answer): string {
  return `/operations/${header(answer, 'Sync-Token')}`;
}
