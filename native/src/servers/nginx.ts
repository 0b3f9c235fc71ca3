import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type NginxOptions, renderNginx } from '../../../nginx/src/render.ts';
import type { ProcessSpec } from '../process-spec.ts';
import { findProgram } from '../program.ts';
import { answersOk } from './http-probe.ts';
import { writePrivateFile } from './private-file.ts';

export interface NginxServerOptions extends NginxOptions {
  readonly name: string;
  /** Holds the configuration, rewritten at every start. */
  readonly folder: string;
}

/** The edge. Started by root, its workers run as `nobody`. */
export function nginxSpec(options: NginxServerOptions): ProcessSpec {
  const { name, folder, listen } = options;
  const file = join(folder, 'nginx.conf');
  return {
    name,
    command: findProgram('nginx'),
    args: ['-p', folder, '-c', file, '-e', 'stderr'],
    // Lets the requests under way finish.
    stopSignal: 'SIGQUIT',
    // The master ends its workers, which would go on without it.
    orphanSignal: 'SIGTERM',
    readyWithinMs: 10_000,
    prepare: async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writePrivateFile(file, renderNginx(options));
    },
    isReady: () => answersOk(listen.host, listen.port, '/healthz'),
  };
}
