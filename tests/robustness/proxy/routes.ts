import { readFileSync, writeFileSync } from 'node:fs';

/*
 * What the site and the plan of its stack share: which ports a process is told instead of those of others, and what else
 * its environment has. The site writes it before the plan is made.
 */

export interface Routes {
  /** By process, by the name of the one it talks to: the port of the proxy between them. */
  readonly ports: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By process. */
  readonly environment: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function writeRoutes(file: string, routes: Routes): void {
  writeFileSync(file, JSON.stringify(routes));
}

export function readRoutes(file: string): Routes {
  return JSON.parse(readFileSync(file, 'utf8'));
}
