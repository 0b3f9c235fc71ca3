import type { ScenarioResults } from '../layer-results.ts';
import { isMet, type Target } from '../scenario.ts';
import { number, spread, table } from './table.ts';

/** The table of targets, filled in. */
export function renderTargets(results: readonly ScenarioResults[]): string {
  const rows = results.flatMap(({ title, failure, targets = [] }) =>
    failure === undefined ? targets.map(row) : [[title, '', `failed: ${failure.split('\n')[0]}`, '', '**no**']],
  );
  const head = ['work', 'target', 'measured, min / **median** / max', '', 'met'];
  return [
    table(head, rows),
    'Ratios are of the same round of the same run: the subjects take turns. A target counts as met by its median.',
  ].join('\n\n');
}

function row(target: Target): string[] {
  const { work, limit, unit, measured } = target;
  const wanted = limit === undefined ? 'reported' : `${limit.at === 'least' ? '≥' : '≤'} ${number(limit.value)}`;
  return [work, wanted, spread(measured), unit, verdict(isMet(target))];
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? 'yes' : '**no**';
}
