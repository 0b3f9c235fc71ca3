import type { ScenarioResults } from '../layer-results.ts';

/** docs/load-tests.md. */
export function renderLoadTests(results: readonly ScenarioResults[]): string {
  return `# Load tests\n\n${results.length}\n`;
}
