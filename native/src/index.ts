export type { Exit } from './launch.ts';
export { ManagedProcess, type ManagedProcessOptions } from './managed-process.ts';
export { heldFolder, type ProcessSpec } from './process-spec.ts';
export { findProgram, MissingProgram, type ProgramName } from './program.ts';
