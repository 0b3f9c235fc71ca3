export { StartError } from '@stratakv/service-kit';
export { OptionsError } from './options.ts';
export { type Embedded, type EmbeddedOptions, startEmbedded } from './start.ts';
