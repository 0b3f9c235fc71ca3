/** A statement with a name, under which a session prepares it once. */
export interface Statement {
  /** At most 63 bytes, the same for the same text. */
  readonly name: string;
  readonly text: string;
}
