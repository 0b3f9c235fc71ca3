import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT, runMain } from './bootstrap.mjs';
import { readSettings } from './settings.mjs';

const NODES = { rabbitmq: ['rabbitmq-1', 'rabbitmq-2', 'rabbitmq-3'], lock: ['lock-1', 'lock-2', 'lock-3'] };

/** Where docker-compose.yml looks for the secrets of an installation: a folder in its data folder. */
export function secretsFolder(dataDir) {
  return join(dataDir, 'docker', 'secrets');
}

/**
 * Makes the secrets that the containers of docker-compose.yml read from files, those that are not there yet.
 * What is there is never changed: the servers took it over when they were new. Returns the names of the files made.
 */
export function makeDockerSecrets(dataDir) {
  const folder = secretsFolder(dataDir);
  // The containers' users are not this one, and Compose mounts the files as they are. The folder keeps everybody else out.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const made = [];
  const keep = (name, text) => {
    const path = join(folder, name);
    if (existsSync(path)) return readFileSync(path, 'utf8').trim();
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o444 });
    chmodSync(`${path}.new`, 0o444);
    renameSync(`${path}.new`, path);
    made.push(name);
    return text;
  };

  keep('kv_secret', password());
  // For the time in which kv_secret is changed: what it was goes in here.
  keep('kv_secret_previous', '');
  keep('rabbitmq_cookie', password());
  const rabbitmq = keep('rabbitmq_password', password());
  keep('rabbitmq_user.conf', `default_user = stratakv\ndefault_pass = ${rabbitmq}`);
  keep('rabbitmq_url', NODES.rabbitmq.map((node) => `amqp://stratakv:${rabbitmq}@${node}:5672`).join(','));
  keep('redis_password', password());
  const lock = keep('lock_password', password());
  keep('lock_urls', NODES.lock.map((node) => `redis://:${lock}@${node}:6379`).join(','));
  const postgres = keep('postgres_password', password());
  keep('postgres_url', `postgresql://stratakv:${postgres}@postgres:5432/stratakv`);
  return made;
}

// Letters and digits alone: they stand in URLs and in configuration files without quotes.
function password() {
  return randomBytes(24).toString('hex');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runMain(async () => {
    const { dataDir } = readSettings();
    const made = makeDockerSecrets(dataDir);
    const folder = relative(ROOT, resolve(secretsFolder(dataDir)));
    console.log(made.length === 0 ? `All secrets are there, in ${folder}.` : `Made in ${folder}: ${made.join(', ')}.`);
    return 0;
  });
}
