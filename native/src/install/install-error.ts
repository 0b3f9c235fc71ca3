/** Something that is missing and cannot be installed here. The message says what to do. */
export class InstallError extends Error {
  override name = 'InstallError';
}
