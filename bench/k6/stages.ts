import type { Parameters, ScenarioName } from './scenarios.ts';

/* When how many steps are due. An open model: they come whether or not earlier ones were answered. */

export interface Stage {
  readonly seconds: number;
  /** Steps a second at its end; it gets there in a straight line. */
  readonly target: number;
}

export interface Course {
  readonly startRate: number;
  readonly stages: readonly Stage[];
}

/** The first part of a run, and what comes after a spike. */
export interface Plan {
  readonly main: Course;
  readonly recovery?: Course;
}

/** Seconds in which a spike rises and falls. */
const jump = 1;

export function planOf(name: ScenarioName, { rate, seconds }: Parameters): Plan {
  const base = Math.max(1, Math.round(rate / 10));
  if (name === 'stress') {
    const stages = [
      { seconds: seconds * 0.7, target: rate },
      { seconds: seconds * 0.2, target: rate },
      { seconds: seconds * 0.1, target: base },
    ];
    return { main: { startRate: base, stages } };
  }
  if (name !== 'spike') return { main: { startRate: rate, stages: [{ seconds, target: rate }] } };
  const stages = [
    { seconds: seconds * 0.25, target: base },
    { seconds: jump, target: rate },
    { seconds: seconds * 0.35 - jump, target: rate },
    { seconds: jump, target: base },
  ];
  const rest = seconds * 0.4 - jump;
  return {
    main: { startRate: base, stages },
    recovery: { startRate: base, stages: [{ seconds: rest, target: base }] },
  };
}

export function secondsOf({ stages }: Course): number {
  return stages.reduce((sum, stage) => sum + stage.seconds, 0);
}

/** How many steps are due from beginning to end. */
export function stepsDue({ main, recovery }: Plan): number {
  return dueIn(main) + (recovery === undefined ? 0 : dueIn(recovery));
}

function dueIn({ startRate, stages }: Course): number {
  let from = startRate;
  let due = 0;
  for (const { seconds, target } of stages) {
    due += ((from + target) / 2) * seconds;
    from = target;
  }
  return due;
}
