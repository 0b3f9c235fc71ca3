import { RabbitMqBroker, readDeadLetters } from '@stratakv/adapter-rabbitmq';
import { StrataError } from '@stratakv/core';
import { exitOnConfigError, readConfig } from '@stratakv/service-kit';
import { runDeadLetters } from './command.ts';
import { deadLetterSettings } from './config.ts';

const connectWithinMs = 10_000;

const config = exitOnConfigError(() => readConfig(deadLetterSettings, process.env));
const broker = new RabbitMqBroker({ urls: config.rabbitmqUrls.join(','), clientName: 'dead-letters' });
const timer = setTimeout(() => void broker.close(), connectWithinMs);
await broker.consuming.connected();
clearTimeout(timer);
try {
  process.exitCode = await runDeadLetters(process.argv.slice(2), {
    letters: readDeadLetters(broker, config),
    origin: config.origin,
    print: (line) => void process.stdout.write(`${line}\n`),
  });
} catch (error) {
  if (!(error instanceof StrataError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  await broker.close();
}
