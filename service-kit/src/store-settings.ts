import { filePath, integer, text } from './setting.ts';

/** Where a store on one machine listens and keeps its data, whatever its mode. */
export const storeSettings = {
  port: integer({
    name: 'KV_PORT',
    about: 'Port the store listens on. 0 takes a free one, which ./start.sh does not do.',
    default: 8080,
    min: 0,
    max: 65_535,
    example: '8080',
  }),
  bind: text({
    name: 'KV_BIND',
    about: 'Address the store listens on. There is no authentication yet: keep it local.',
    default: '127.0.0.1',
    example: '127.0.0.1',
  }),
  dataDir: filePath({
    name: 'KV_DATA_DIR',
    about: 'Folder of the data. It belongs to one process at a time, and to one mode.',
    default: './data',
    example: './data',
  }),
};
