import type { Peer } from './peers/peer.ts';
import type { Workload } from './workload.ts';

/** Who is measured, and with what. Subjects of one contest take turns. */
export interface Subject extends Peer {
  /** What each of its rounds asks for. */
  readonly workload: (round: number) => Workload;
  /** Before each turn, outside of what is measured. */
  readonly prepare?: () => Promise<void>;
  /**
   * Of writes that are answered before they are applied: waits until so many more than before have an outcome. What they
   * cost until then is theirs.
   */
  readonly settle?: (accepted: number) => Promise<void>;
}

/** Another name and workload for the same processes. */
export function subjectOf(
  peer: Peer,
  name: string,
  workload: Workload,
  extras: Pick<Subject, 'prepare' | 'settle'> = {},
): Subject {
  return { ...peer, ...extras, name, workload: () => workload };
}
