import type { Migration } from '../migration.ts';
import { tables } from './0001-tables.ts';

/** All there are, in order. One that was released is never changed: the next number mends it. */
export const migrations: readonly Migration[] = [tables];
