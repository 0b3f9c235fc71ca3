import type { Problem } from './problems.ts';

/** What `PUT`, `DELETE` (202) and `GET /operations/ID` answer. */
export interface Receipt {
  readonly id: string;
  readonly status: 'queued' | 'applied' | 'rejected' | 'failed';
  readonly action: 'put' | 'delete';
  readonly key: string;
  readonly version?: number;
  readonly created?: boolean;
  readonly acceptedAt?: string;
  readonly settledAt?: string;
  readonly expiresAt?: string;
  readonly problem?: Problem;
  readonly links: { readonly self: string; readonly entry: string };
}

export interface ListedEntry {
  readonly key: string;
  readonly version: number;
  readonly size: number;
  readonly contentType: string;
  readonly modifiedAt: string;
  readonly expiresAt?: string;
}

/** A page of `GET /kv`. */
export interface ListPage {
  readonly prefix?: string;
  readonly entries: readonly ListedEntry[];
  readonly prefixes?: readonly string[];
  readonly next?: string;
}

/** One result of `POST /kv:batchGet`. */
export interface BatchResult {
  readonly key: string;
  readonly status: number;
  readonly version?: number;
  readonly contentType?: string;
  readonly meta?: Readonly<Record<string, string>>;
  /** base64 */
  readonly value?: string;
}

export interface BatchAnswer {
  readonly results: readonly BatchResult[];
}
