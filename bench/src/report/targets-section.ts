import { hasPassed, type ScenarioResults } from '../layer-results.ts';
import { isMet, type Target } from '../scenario.ts';
import { number, spread, table } from './table.ts';

/** The table of targets, filled in. */
export function renderTargets(results: readonly ScenarioResults[]): string {
  const rows = results.flatMap((each) => {
    const { title, failure, targets = [] } = each;
    if (failure !== undefined) return [[title, '', `failed: ${failure.split('\n')[0]}`, '', '**no**']];
    return targets.map((target) => row(target, hasPassed(each)));
  });
  const head = ['work', 'target', 'measured, min / **median** / max', '', 'met'];
  return [
    table(head, rows),
    'Ratios are of the same round of the same run: the subjects take turns. Sizes of a store cannot: there each figure is compared with that of some minutes before. A target counts as met by its median.',
  ].join('\n\n');
}

function row(target: Target, isSound: boolean): string[] {
  const { work, limit, unit, measured } = target;
  const wanted = limit === undefined ? 'reported' : `${limit.at === 'least' ? '≥' : '≤'} ${number(limit.value)}`;
  return [work, wanted, spread(measured), unit, isSound ? verdict(isMet(target)) : '**a check failed**'];
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return '';
  return met ? 'yes' : '**no**';
}
