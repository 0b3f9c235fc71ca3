import { writeFileSync } from 'node:fs';
import { exitOnConfigError, readConfig } from '@stratakv/service-kit';
import { renderNginx } from './render.ts';
import { nginxSettings } from './settings.ts';

// Usage: node nginx/src/main.ts FILE
// Writes the configuration of nginx, made from the settings in the environment. `nginx -p FOLDER -c FILE` runs it.

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Usage: node nginx/src/main.ts FILE\n');
  process.exit(2);
}
const config = exitOnConfigError(() => readConfig(nginxSettings, process.env));
const { bind, port, workers = 'auto', ...rest } = config;
writeFileSync(file, renderNginx({ ...rest, listen: { host: bind, port }, workers }));
