/**
 * A number per key that only grows, also over deletes: microseconds since 1970 by the database's clock, or one more
 * than the version before where that is greater. Below 2^53 until the year 2255.
 */
export type Version = number;

/**
 * The version of a write that is being applied.
 *
 * @param previous version of the entry or tombstone that stands, if any
 * @param floor the partition's version floor: at least the version of every entry and tombstone removed from it
 * @param nowMicros the database's clock, microseconds since 1970
 */
export function nextVersion(previous: Version | undefined, floor: Version, nowMicros: number): Version {
  return Math.max((previous ?? 0) + 1, floor + 1, nowMicros);
}

/** A version as a strong entity tag (RFC 9110 §8.8.3), quotes included. */
export function formatEtag(version: Version): string {
  return `"${version}"`;
}

const strongTag = /^"([1-9][0-9]{0,15})"$/;

/** The version in a strong entity tag of ours; undefined for any other text. */
export function parseEtag(tag: string): Version | undefined {
  const digits = strongTag.exec(tag)?.[1];
  if (digits === undefined) return undefined;
  const version = Number(digits);
  return Number.isSafeInteger(version) ? version : undefined;
}
