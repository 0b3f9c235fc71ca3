import type { Environment } from '@stratakv/service-kit';
import type { NativeConfig } from './config.ts';
import type { PortBook } from './port-book.ts';
import type { ProcessSpec } from './process-spec.ts';
import type { SecretFolder } from './secret-folder.ts';
import type { SocketFolder } from './socket-folder.ts';

export type ProcessKind =
  | 'postgres'
  | 'epmd'
  | 'rabbitmq'
  | 'redis'
  | 'sentinel'
  | 'lock'
  | 'consumer'
  | 'storage-node'
  | 'gateway'
  | 'envoy'
  | 'nginx';

/** One process of the native stack. */
export interface StackProcess {
  readonly kind: ProcessKind;
  readonly spec: ProcessSpec;
  readonly port: number;
  /** Where Prometheus finds its metrics; absent when it has none. */
  readonly metricsUrl?: string;
}

/** What a stack is made from. */
export interface StackSite {
  readonly config: NativeConfig;
  /** Settings for the services are taken from here. */
  readonly env: Environment;
  readonly ports: PortBook;
  readonly secrets: SecretFolder;
  readonly sockets: SocketFolder;
  /** The folder of a process of this name, absolute. The process makes it. */
  folderOf(name: string): string;
}

/** `redis-1`, `redis-2` and so on. */
export function numberedNames(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index + 1}`);
}
