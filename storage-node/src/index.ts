export { createStorage, type StorageDeps } from './storage.ts';
export { defaultStorageSettings, type StorageSettings } from './storage-settings.ts';
