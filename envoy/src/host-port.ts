import { isIP } from 'node:net';
import type { HostPort } from '@stratakv/service-kit';

/** A Unix socket, by the path under which the process that uses it finds it. */
export interface UnixSocket {
  readonly path: string;
}

/** Where a gateway listens for Envoy. */
export type GatewayAddress = HostPort | UnixSocket;

export function isSocket(address: GatewayAddress): address is UnixSocket {
  return 'path' in address;
}

/** `host:port`, with brackets around an IPv6 address. */
export function authority({ host, port }: HostPort): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether finding the server takes DNS. */
export function isNamed(address: GatewayAddress): boolean {
  return !isSocket(address) && isIP(address.host) === 0;
}
