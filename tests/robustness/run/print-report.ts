import type { Report } from '../checks/report.ts';
import type { RunFiles } from './run-folder.ts';
import type { RunSettings } from './run-settings.ts';

const violationsShown = 8;
const callsShown = 6;

/** The reports of a run as text. */
export function formatRun({ settings, history, final }: RunFiles, reports: readonly Report[]): string {
  const { mode, seconds, seed } = settings;
  const [first, last] = [history.calls[0]?.startedAt ?? 0, history.calls.at(-1)?.endedAt ?? 0];
  const perSecond = history.calls.length / Math.max(0.001, (last - first) / 1000);
  const lines = [
    `${mode}, ${seconds} s, seed ${seed}: ${history.calls.length} calls, ${perSecond.toFixed(0)} a second`,
    '',
    ...accountingLines(reports),
    '',
    ...faultLines(final.faults),
    '',
    ...reports.flatMap(reportLines),
    '',
    `To repeat it: npm run robustness -- ${repeatOf(settings)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** The options that repeat a run. */
export function repeatOf({ mode, seconds, seed, clients, callsPerSecond, hasFaults }: RunSettings): string {
  const numbers = `--seconds=${seconds} --seed=${seed} --clients=${clients} --rate=${callsPerSecond}`;
  return `--target=${mode} ${numbers}${hasFaults ? '' : ' --no-faults'}`;
}

/** In the manner of Jepsen's runs of RabbitMQ. */
function accountingLines(reports: readonly Report[]): string[] {
  const accounting = reports.find(({ name }) => name === 'accounting');
  if (accounting === undefined) return [];
  const { counts, violations } = accounting;
  const like = (text: string) => violations.filter(({ sentence }) => sentence.includes(text)).length;
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['attempted', counts.attempted],
    ['acknowledged', counts.acknowledged],
    ['refused', counts.refused],
    ['unknown', counts.unknown],
    ['  recovered', counts.unknownRecovered],
    ['  not accepted', counts.unknownNotAccepted],
    ['applied', counts.applied],
    ['rejected', counts.rejected],
    ['failed', counts.failed],
    ['lost', like('is lost')],
    ['applied twice', like('applied twice')],
    ['unexpected', counts.unexpected],
    ['never settled', like('never settled')],
  ];
  return ['accounting', ...rows.map(([name, count]) => `  ${name.padEnd(16)} ${String(count ?? 0).padStart(7)}`)];
}

function faultLines({ planned, happened }: RunFiles['final']['faults']): string[] {
  const names = [...new Set(planned)].toSorted();
  const lines = names.map((name) => {
    const own = happened.filter((fault) => fault.name === name);
    const times = `${own.length} of ${planned.filter((one) => one === name).length}`;
    const longest = Math.max(0, ...own.map(({ from, to }) => to - from));
    return `  ${name.padEnd(40)} ${times.padStart(8)}  at most ${(longest / 1000).toFixed(1)} s`;
  });
  return [`faults: ${happened.length} happened of ${planned.length} planned`, ...lines];
}

function reportLines({ name, violations, counts }: Report): string[] {
  const verdict = violations.length === 0 ? 'ok' : `${violations.length} VIOLATIONS`;
  const told = Object.entries(counts).filter(([what]) => name !== 'meaning' || what.startsWith('run: '));
  const line = `${name.padEnd(16)} ${verdict}  ${told.map(([what, count]) => `${what.replace('run: ', '')} ${count}`).join(', ')}`;
  const shown = violations.slice(0, violationsShown).map(({ subject, sentence, calls }) => {
    const numbers = calls.length === 0 ? '' : ` (calls ${calls.slice(0, callsShown).join(', ')})`;
    return `    ${subject}: ${sentence}${numbers}`;
  });
  const more = violations.length - shown.length;
  return [line, ...shown, ...(more > 0 ? [`    and ${more} more`] : [])];
}
