import { isIP } from 'node:net';
import type { HostPort } from '@stratakv/service-kit';

/** `host:port`, with brackets around an IPv6 address. */
export function authority({ host, port }: HostPort): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether finding the server takes DNS. */
export function isNamed({ host }: HostPort): boolean {
  return isIP(host) === 0;
}
