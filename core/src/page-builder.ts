import type { EntrySummary } from './entry.ts';
import type { Key } from './key.ts';
import type { ScanPage, ScanPosition, ScanQuery } from './ports/entry-reader.ts';

/** One page of a list, while it fills: counts entries and folded prefixes, and the bytes they take as JSON. */
export class PageBuilder {
  readonly #query: ScanQuery;
  readonly #entries: EntrySummary[] = [];
  readonly #prefixes: string[] = [];
  #bytes = 0;
  #position: ScanPosition | undefined;

  constructor(query: ScanQuery) {
    this.#query = query;
  }

  /** The folded prefix that was added last; empty when an entry was. */
  get lastPrefix(): string {
    return this.#position?.isPrefix === true ? this.#position.text : '';
  }

  /** Whether a key is under the folded prefix that was added last, so that it shows nothing new. */
  covers(key: Key): boolean {
    return this.lastPrefix !== '' && key.startsWith(this.lastPrefix);
  }

  /** Takes an entry in, the next in order; false when the page is full. */
  add(entry: EntrySummary): boolean {
    const folded = this.#foldedPrefix(entry.key);
    const bytes = folded === undefined ? summaryBytes(entry) : jsonBytes(folded) + 1;
    const count = this.#entries.length + this.#prefixes.length;
    if (count >= this.#query.limit || (count > 0 && this.#bytes + bytes > this.#query.maxBytes)) return false;
    this.#bytes += bytes;
    this.#position = { text: folded ?? entry.key, isPrefix: folded !== undefined };
    if (folded === undefined) this.#entries.push(entry);
    else this.#prefixes.push(folded);
    return true;
  }

  /** The whole list, or a full page of it. */
  finish(hasMore: boolean): ScanPage {
    return { entries: this.#entries, prefixes: this.#prefixes, next: hasMore ? this.#position : undefined };
  }

  /** A page that ends before it is full, with everything up to `key` looked at. */
  stopAt(key: Key): ScanPage {
    const next = this.covers(key) ? this.#position : { text: key, isPrefix: false };
    return { entries: this.#entries, prefixes: this.#prefixes, next };
  }

  #foldedPrefix(key: Key): string | undefined {
    const { prefix, delimiter } = this.#query;
    if (delimiter === undefined) return undefined;
    const at = key.indexOf(delimiter, prefix.length);
    return at < 0 ? undefined : key.slice(0, at + delimiter.length);
  }
}

// What the fixed members of an entry take in JSON, at the most.
const fixedBytes = 180;

function summaryBytes({ key, contentType }: EntrySummary): number {
  return fixedBytes + jsonBytes(key) + jsonBytes(contentType);
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text));
}
