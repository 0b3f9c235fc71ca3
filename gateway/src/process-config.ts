import {
  duration,
  filePath,
  installationSettings,
  integer,
  optional,
  rabbitmqSettings,
  type Setting,
  secretSettings,
  text,
} from '@stratakv/service-kit';
import { gatewaySettings } from './config.ts';

const nodeUrl = /^https?:\/\/(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5}\/?$/i;

/** Settings of a gateway as a process of its own. */
export const gatewayProcessSettings = {
  port: integer({
    name: 'KV_GATEWAY_PORT',
    about: 'Port a gateway listens on; 0 takes a free one.',
    default: 8083,
    min: 0,
    max: 65_535,
    example: '8083',
  }),
  bind: text({
    name: 'KV_GATEWAY_BIND',
    about: 'Address a gateway listens on. Clients come through Nginx and Envoy.',
    default: '127.0.0.1',
    example: '0.0.0.0',
  }),
  socket: optional(
    filePath({
      name: 'KV_GATEWAY_SOCKET',
      about: 'Unix socket a gateway listens on besides its port, for an Envoy on the same machine.',
      example: '/run/stratakv/gateway.sock',
    }),
  ),
  storageUrls: urlList(
    text({
      name: 'KV_STORAGE_NODES',
      about: 'Storage nodes. A name stands for all addresses it has, and is looked up again and again.',
      default: 'http://127.0.0.1:8081',
      maxLength: 4096,
      example: 'http://storage-node:8081',
    }),
  ),
  drainMs: duration({
    name: 'KV_GATEWAY_DRAIN',
    about: 'How long a gateway that is told to stop says so at /readyz before it stops, so that Envoy looks elsewhere.',
    default: '2500ms',
    unit: 'ms',
    min: 0,
    max: 8000,
    example: '2500ms',
  }),
  ...gatewaySettings,
  partitionCount: installationSettings.partitionCount,
  prefix: installationSettings.prefix,
  ...secretSettings,
  ...rabbitmqSettings,
};

function urlList(row: Setting<string>): Setting<readonly string[]> {
  return {
    ...row,
    form: 'http://HOST:PORT, separated by commas',
    parse: (list) => {
      const value = list.split(',').map((part) => part.trim());
      return value.every((part) => nodeUrl.test(part)) ? { value } : undefined;
    },
  };
}
