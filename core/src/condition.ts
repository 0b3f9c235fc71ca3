import { isExpired } from './entry.ts';
import type { Version } from './version.ts';

/** What must hold for a write to be applied (RFC 9110 §13): `If-Match: "V"`, `If-Match: *`, `If-None-Match: *`. */
export type Condition =
  | { readonly kind: 'version'; readonly version: Version }
  | { readonly kind: 'present' }
  | { readonly kind: 'absent' };

/** What a condition is judged on: the entry or tombstone that stands at the time of applying. */
export interface EntryState {
  readonly version: Version;
  readonly isDeleted: boolean;
  readonly expiresAt: number | undefined;
}

/** Whether there is an entry for readers: not deleted and not expired. */
export function isLive(state: EntryState | undefined, nowMs: number): state is EntryState {
  return state !== undefined && !state.isDeleted && !isExpired(state, nowMs);
}

/** Judges a condition; without one, every state will do. */
export function holds(condition: Condition | undefined, state: EntryState | undefined, nowMs: number): boolean {
  if (condition === undefined) return true;
  const live = isLive(state, nowMs);
  switch (condition.kind) {
    case 'absent':
      return !live;
    case 'present':
      return live;
    case 'version':
      return live && state.version === condition.version;
  }
}
