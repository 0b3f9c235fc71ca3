/** A command was called wrongly. The message says how. */
export class UsageError extends Error {
  override name = 'UsageError';
}
