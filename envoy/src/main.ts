import { writeFileSync } from 'node:fs';
import { exitOnConfigError, readConfig } from '@stratakv/service-kit';
import { renderEnvoy } from './render.ts';
import { envoySettings } from './settings.ts';

// Usage: node envoy/src/main.ts FILE
// Writes the configuration of Envoy, made from the settings in the environment. `envoy -c FILE` runs it.

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('Usage: node envoy/src/main.ts FILE\n');
  process.exit(2);
}
const config = exitOnConfigError(() => readConfig(envoySettings, process.env));
const { bind, port, metricsPort, ...rest } = config;
const listen = { host: bind, port };
writeFileSync(file, renderEnvoy({ ...rest, listen, metricsListen: { host: bind, port: metricsPort } }));
