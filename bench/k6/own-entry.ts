import { type Answer, type Client, header, type Judgement, waitedJudgementOf, waiting } from './client.ts';
import { jsonOf } from './reads.ts';

/** Seconds. What a run leaves behind when it is interrupted goes away by itself. */
export const ownTtl = 3600;

interface Problem {
  readonly type: string;
  readonly currentVersion?: number;
}

const created = waitedJudgementOf<string>('put_if', () => 201, {
  'Location of what was created': (answer, path) => header(answer, 'Location') === path,
  'ETag of what was created': (answer) => versionOf(header(answer, 'Etag')) > 0,
});
const replaced = waitedJudgementOf<string>('put_if', () => 204, {
  'a higher version': (answer, etag) => versionOf(header(answer, 'Etag')) > versionOf(etag),
});
const refused = waitedJudgementOf<string>('put_if', () => 412, {
  'the problem says the version': (answer, etag) => {
    const { type, currentVersion } = jsonOf<Problem>(answer);
    return type === 'urn:stratakv:problem:version-mismatch' && currentVersion === versionOf(etag);
  },
});
const deleted = waitedJudgementOf('delete', () => 204, {});

/**
 * An entry that only one virtual user writes, so that it knows how every condition will be judged. It is created,
 * replaced, refused in two ways, and deleted. After an answer that leaves open what happened, it goes on with another.
 */
export class OwnEntry {
  readonly #client: Client;
  readonly #prefix: string;
  #number = 0;
  /** Its ETag; undefined while it is absent. */
  #etag: string | undefined;
  /** One that it had before. */
  #oldEtag = '"1"';
  #step: number;

  /**
   * @param prefix of the keys that are this virtual user's alone
   * @param firstStep so that not all of them do the same
   */
  constructor(client: Client, prefix: string, firstStep: number) {
    this.#client = client;
    this.#prefix = prefix;
    this.#step = firstStep;
  }

  /** The next of the writes with conditions, after creating the entry where it is absent. */
  put(): void {
    this.#step += 1;
    if (this.#etag === undefined) this.#create();
    if (this.#etag === undefined) return;
    if (this.#step % 3 === 0) this.#refused({ 'If-None-Match': '*' }, this.#etag);
    else if (this.#step % 3 === 1) this.#refused({ 'If-Match': this.#oldEtag }, this.#etag);
    else this.#replace(this.#etag);
  }

  /** Deletes it, after creating it where it is absent. */
  delete(): void {
    if (this.#etag === undefined) this.#create();
    if (this.#etag === undefined) return;
    this.#client.sendWaited(deleted, { method: 'DELETE', path: this.#path, headers: waiting }, undefined);
    this.#forget();
  }

  #create(): void {
    const answer = this.#write(created, { 'If-None-Match': '*' }, this.#path);
    if (answer === undefined) this.#forget();
    else this.#etag = header(answer, 'Etag');
  }

  #replace(etag: string): void {
    const answer = this.#write(replaced, { 'If-Match': etag }, etag);
    if (answer === undefined) {
      this.#forget();
      return;
    }
    this.#oldEtag = etag;
    this.#etag = header(answer, 'Etag');
  }

  #refused(condition: Readonly<Record<string, string>>, etag: string): void {
    if (this.#write(refused, condition, etag) === undefined) this.#forget();
  }

  #write(judgement: Judgement<string>, condition: Readonly<Record<string, string>>, want: string): Answer | undefined {
    const headers = { 'Content-Type': 'text/plain', 'KV-TTL': String(ownTtl), ...waiting, ...condition };
    const request = { method: 'PUT', path: this.#path, headers, body: `step ${this.#step}` } as const;
    return this.#client.sendWaited(judgement, request, want);
  }

  #forget(): void {
    this.#number += 1;
    this.#etag = undefined;
    this.#oldEtag = '"1"';
  }

  get #path(): string {
    return `/kv/${this.#prefix}own-${this.#number}`;
  }
}

function versionOf(etag: string): number {
  return Number(etag.slice(1, -1));
}
