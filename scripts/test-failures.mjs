import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What failed in each run of Node's test runner, to be told again at the end of all. */
export class TestFailures {
  #folder;
  #runs = 0;

  /** Options of the next run. None for somebody who chose reporters: each needs a destination of its own. */
  reporterOptions(runnerOptions) {
    if (runnerOptions.some((option) => option.startsWith('--test-reporter'))) return [];
    this.#folder ??= mkdtempSync(join(tmpdir(), 'stratakv-failures-'));
    this.#runs += 1;
    const reporter = (name, destination) => [`--test-reporter=${name}`, `--test-reporter-destination=${destination}`];
    const file = join(this.#folder, `${String(this.#runs).padStart(2, '0')}.txt`);
    return [...reporter('spec', 'stdout'), ...reporter('./scripts/failure-reporter.mjs', file)];
  }

  /** The failures of all runs so far, as text, and forgets them. */
  take() {
    const folder = this.#folder;
    if (folder === undefined) return '';
    const texts = readdirSync(folder)
      .sort()
      .map((file) => readFileSync(join(folder, file), 'utf8'));
    rmSync(folder, { recursive: true });
    this.#folder = undefined;
    return texts.join('').trimEnd();
  }
}
