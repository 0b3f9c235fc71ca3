import { installationSettings, logSettings, rabbitmqSettings, text } from '@stratakv/service-kit';

/** Settings of the command for dead letters: those by which a consumer finds the queue, and the store to send to. */
export const deadLetterSettings = {
  origin: text({
    name: 'KV_PUBLIC_URL',
    about: 'Where the store is reached, for commands that use it.',
    default: 'http://127.0.0.1:8080',
    pattern: /^https?:\/\/[^\s/]+$/,
    example: 'http://127.0.0.1:8080',
  }),
  prefix: installationSettings.prefix,
  ...rabbitmqSettings,
  ...logSettings,
};
