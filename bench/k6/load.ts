import { createScript } from './run.ts';

export const { options, setup, request, teardown, handleSummary } = createScript('load');
