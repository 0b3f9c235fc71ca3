/** Bytes that are not what they should be: damaged, cut off, from a newer version, or not ours at all. */
export class CodecError extends Error {
  /** @param message what is wrong, for a person; never holds a value */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CodecError';
  }
}
