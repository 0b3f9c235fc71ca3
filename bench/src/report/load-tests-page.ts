import type { ScenarioResults } from '../layers.ts';

/** docs/load-tests.md. */
export function renderLoadTests(results: readonly ScenarioResults[]): string {
  return `# Load tests\n\n${results.length}\n`;
}
