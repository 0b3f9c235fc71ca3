export { buildStorageNode, type StorageNodeDeps } from './app.ts';
export { storageNodeSettings } from './config.ts';
export { storageNodeProcessSettings } from './process-config.ts';
export { createStorage, type StorageDeps } from './storage.ts';
export { defaultStorageSettings, type StorageSettings } from './storage-settings.ts';
