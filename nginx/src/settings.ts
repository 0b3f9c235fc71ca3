import { hostList, integer, optional, storeSettings, text } from '@stratakv/service-kit';
import { edgeSettings } from '../../envoy/src/settings.ts';

/** Settings the configuration of nginx is made from. */
export const nginxSettings = {
  port: integer({
    name: 'KV_PORT',
    about: 'Port the store listens on.',
    default: 8080,
    min: 1,
    max: 65_535,
    example: '8080',
  }),
  bind: storeSettings.bind,
  envoys: hostList({
    name: 'KV_ENVOYS',
    about: 'Envoys that Nginx sends requests to.',
    default: '127.0.0.1:8084',
    example: 'envoy-1:8084,envoy-2:8084',
  }),
  workers: optional(
    integer({
      name: 'KV_NGINX_WORKERS',
      about: 'Worker processes of Nginx. Unset: one a core.',
      min: 1,
      max: 512,
      example: '2',
    }),
  ),
  connections: integer({
    name: 'KV_NGINX_CONNECTIONS',
    about: 'Connections of one worker of Nginx, clients and Envoys together.',
    default: 8192,
    min: 64,
    max: 1_000_000,
    example: '8192',
  }),
  resolver: optional(
    text({
      name: 'KV_NGINX_RESOLVER',
      about:
        'DNS server Nginx asks again and again for the addresses of the Envoys (from 1.27.3 on). Unset: asked once, at start.',
      pattern: /^[\w.:[\]-]+$/,
      example: '127.0.0.11',
    }),
  ),
  ...edgeSettings,
};
