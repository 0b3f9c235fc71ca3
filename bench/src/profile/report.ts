import type { Environment } from '../environment.ts';
import { number, table } from '../report/table.ts';
import type { ProfileCommand } from './command-line.ts';
import type { HotSpot, HotSpots } from './hot-spots.ts';

/** Where a process spent its time, and under what. */
export interface ProfileFigures {
  readonly asked: ProfileCommand;
  /** A second. */
  readonly answers: number;
  readonly spots: HotSpots;
  readonly environment: Environment;
}

const shownPlaces = 15;
const shownFunctions = 25;

/** The report as Markdown. */
export function renderProfile({ asked: { kind, load }, answers, spots, environment }: ProfileFigures): string {
  const { cpu, cores, commit, isDirty, startedAt } = environment;
  const warning = isDirty ? ' (uncommitted changes)' : '';
  return `${[
    `# Profile of ${kind} under ${load}${warning}`,
    `Made by \`npm run profile -- ${kind} ${load} --keep\` at ${startedAt.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}; ${cpu}, ${cores} cores, the load generator beside the servers.`,
    `Under 64 connections the store gave ${number(answers)} answers/s, and the process was at work for ${percent(spots.busy)} of the time. The profiler slows it down a little. Shares are of the time at work: in the place alone, and with all that it called.`,
    rows('by place', spots.places, shownPlaces),
    rows('by function', spots.functions, shownFunctions),
  ].join('\n\n')}\n`;
}

function rows(heading: string, spots: readonly HotSpot[], count: number): string {
  return table(
    [heading, 'alone', 'in all'],
    spots.slice(0, count).map(({ name, self, total }) => [`\`${name}\``, percent(self), percent(total)]),
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
