import { createScript } from './run.ts';

export const { options, setup, step, teardown, handleSummary } = createScript('load');
