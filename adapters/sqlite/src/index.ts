export { SqliteEntryReader } from './entry-reader.ts';
export { SqliteEntryStore } from './entry-store.ts';
export { FolderLocked } from './folder-lock.ts';
export { type Installation, InstallationMismatch } from './installation.ts';
export { DatabaseDamaged, openSqliteStore, type SqliteOptions, type SqliteStore } from './open-store.ts';
export { SqliteOperationQueue } from './operation-queue.ts';
