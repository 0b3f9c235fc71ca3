import type { Commands } from './command.ts';
import { endForgottenEngine, engineVersion, OwnEngine } from './own-engine.ts';

/** A Docker engine to test with. */
export interface Engine {
  /** For `docker` and `docker compose`. */
  readonly env: NodeJS.ProcessEnv;
  readonly about: string;
  /** Absent when it is not ours to restart. */
  restart?(): Promise<void>;
  /** Ends the engine, if this run started it. */
  close(): Promise<void>;
}

/** The engine that runs already, if there is one: two of them disturb one another. Else one of our own. */
export async function openEngine(folder: string, commands: Commands): Promise<Engine> {
  await endForgottenEngine(folder);
  const version = await engineVersion(commands, process.env);
  if (version === '') return OwnEngine.start(folder, commands);
  return { env: process.env, about: `the Docker engine ${version} that runs here`, close: () => Promise.resolve() };
}
