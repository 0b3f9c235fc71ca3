import { byteSize, filePath, hostList, integer, oneOf, text } from '@stratakv/service-kit';
import { gatewaySettings } from '../../gateway/src/config.ts';

/** What nginx and Envoy have in common. */
export const edgeSettings = {
  maxValueBytes: gatewaySettings.maxValueBytes,
  readTimeoutMs: gatewaySettings.readTimeoutMs,
  confirmTimeoutMs: gatewaySettings.confirmTimeoutMs,
  accessLog: oneOf({
    name: 'KV_ACCESS_LOG',
    about:
      'Which requests Nginx and Envoy log, a line each. notable: writes, failures, slow ones, and those that brought an X-Request-Id or a traceparent.',
    values: ['all', 'notable', 'off'],
    default: 'notable',
    example: 'all',
  }),
};

/** Settings Envoy's configuration is made from. */
export const envoySettings = {
  bind: text({
    name: 'KV_ENVOY_BIND',
    about: 'Address Envoy listens on. Clients come through Nginx.',
    default: '127.0.0.1',
    example: '0.0.0.0',
  }),
  port: integer({
    name: 'KV_ENVOY_PORT',
    about: 'Port on which Envoy takes requests from Nginx.',
    default: 8084,
    min: 1,
    max: 65_535,
    example: '8084',
  }),
  metricsPort: integer({
    name: 'KV_ENVOY_METRICS_PORT',
    about: 'Port on which Envoy answers GET /metrics and GET /readyz.',
    default: 8085,
    min: 1,
    max: 65_535,
    example: '8085',
  }),
  adminSocket: filePath({
    name: 'KV_ENVOY_ADMIN_SOCKET',
    about: "Unix socket of Envoy's admin interface, which can stop it.",
    default: '/tmp/envoy-admin.sock',
    example: '/tmp/envoy-admin.sock',
  }),
  gateways: hostList({
    name: 'KV_GATEWAYS',
    about: 'Gateways. A name stands for all addresses it has, and is looked up again and again.',
    default: '127.0.0.1:8083',
    example: 'gateway:8083',
  }),
  requests: integer({
    name: 'KV_ENVOY_REQUESTS_IN_FLIGHT',
    about: 'Requests an Envoy takes on at once; more are answered 503.',
    default: 10_000,
    min: 16,
    max: 1_000_000,
    example: '10000',
  }),
  heapBytes: byteSize({
    name: 'KV_ENVOY_MEMORY',
    about: 'Memory an Envoy may use before it refuses requests.',
    default: '512MiB',
    min: 64 * 1024 * 1024,
    example: '512MiB',
  }),
  ...edgeSettings,
};
