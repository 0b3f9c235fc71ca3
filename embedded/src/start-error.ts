import { DatabaseDamaged, FolderLocked, InstallationMismatch } from '@stratakv/adapter-sqlite';
import { StartError } from '@stratakv/service-kit';

/** Puts an error of starting into words. Errors that nobody foresaw stay as they are. */
export function asStartError(error: unknown, { port, bind }: { port: number; bind: string }): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof FolderLocked) {
    return new StartError(error.message, 'Stop that process, or set KV_DATA_DIR to another folder.', error);
  }
  if (error instanceof DatabaseDamaged) {
    return new StartError(
      error.message,
      'Restore it from a backup, or take another KV_DATA_DIR. It was not changed.',
      error,
    );
  }
  if (error instanceof InstallationMismatch) {
    return new StartError(error.message, 'Use the version and settings the data was made with.', error);
  }
  if (!('code' in error)) return error;
  if (error.code === 'EADDRINUSE') {
    return new StartError(`Port ${port} on ${bind} is in use.`, 'Set KV_PORT to a free port.', error);
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new StartError(
      `Cannot listen on ${bind} port ${port}: ${error.message}.`,
      'Check KV_BIND and KV_PORT.',
      error,
    );
  }
  if (error.code === 'ERR_SQLITE_ERROR') {
    return new StartError(`The database cannot be opened: ${error.message}.`, 'Check the disk and KV_DATA_DIR.', error);
  }
  return error;
}
