import {
  cacheSettings,
  databaseSettings,
  installationSettings,
  lockSettings,
  rabbitmqSettings,
  redisSettings,
} from '@stratakv/service-kit';
import { consumerSettings } from './config.ts';

/** Settings of a consumer as a process of its own. */
export const consumerProcessSettings = {
  ...consumerSettings,
  ...cacheSettings,
  ...installationSettings,
  ...rabbitmqSettings,
  ...databaseSettings,
  ...redisSettings,
  ...lockSettings,
};
