export { OptionsError } from './options.ts';
export { type Embedded, type EmbeddedOptions, startEmbedded } from './start.ts';
export { StartError } from './start-error.ts';
