/** Which bytes of a connection: `out` from the one who connected, `back` to it. */
export type Way = 'out' | 'back' | 'both';

/** What is wrong with all connections of a proxy while it lasts. */
export type Trouble =
  /** Those there are and those that come are reset. */
  | { readonly kind: 'cut' }
  /**
   * Those there are get the end of their bytes (FIN) one way and are silent that way from then on, for good; the other
   * way goes on. Later ones are well.
   */
  | { readonly kind: 'half-close'; readonly way: 'out' | 'back' }
  /** They stay open and new ones are taken, but nothing comes through, no end and no reset either. What was sent comes after. */
  | { readonly kind: 'black-hole'; readonly way: Way }
  /** Every byte comes so much later. */
  | { readonly kind: 'delay'; readonly way: Way; readonly ms: number }
  /** No more than so many bytes come through each second, over a connection. */
  | { readonly kind: 'drip'; readonly way: Way; readonly bytesPerSecond: number };

/** Whether a trouble is of this way. */
export function concerns(trouble: Trouble | undefined, way: 'out' | 'back'): trouble is Trouble & { way: Way } {
  return trouble !== undefined && trouble.kind !== 'cut' && (trouble.way === 'both' || trouble.way === way);
}
