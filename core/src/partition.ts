import { crc32 } from 'node:zlib';
import type { Key } from './key.ts';

/** Partitions of a new installation. Fixed from then on: another number would put keys into other queues. */
export const defaultPartitionCount = 16;

/** The partition a key's operations are queued in: crc32 of its UTF-8 bytes, modulo the number of partitions. */
export function partitionOf(key: Key, partitionCount: number): number {
  return crc32(key) % partitionCount;
}
