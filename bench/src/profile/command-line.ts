/** What is to be profiled, under what. */
export interface ProfileCommand {
  readonly kind: ProfiledKind;
  readonly load: ProfiledLoad;
  /** Whether the report is written to bench/results too. */
  readonly isKept: boolean;
}

const kinds = ['gateway', 'storage-node', 'consumer', 'embedded'] as const;
const loads = ['get', 'put', 'waited-put'] as const;
export type ProfiledKind = (typeof kinds)[number];
export type ProfiledLoad = (typeof loads)[number];

export const profileUsage = `Usage: npm run profile -- PROCESS [LOAD] [--keep]

Starts a native store on a folder of its own, puts a load on it through Nginx and Envoy, and says where one of its processes
spends its time; or the embedded store, whose main thread is looked at. The whole profile is written as
PROCESS-LOAD.cpuprofile, which browsers open.
  PROCESS  ${kinds.join(', ')}
  LOAD     ${loads.join(', ')}; get by default, put for a consumer
  --keep   writes what it says to bench/results/profile-PROCESS-LOAD.md as well
`;

/** Undefined when that cannot be told. */
export function readProfileCommand(words: readonly string[]): ProfileCommand | 'help' | undefined {
  if (words.length === 1 && words[0] === '--help') return 'help';
  const isKept = words.at(-1) === '--keep';
  const [word, loadWord = word === 'consumer' ? 'put' : 'get', ...rest] = isKept ? words.slice(0, -1) : words;
  const kind = kinds.find((each) => each === word);
  const load = loads.find((each) => each === loadWord);
  return kind === undefined || load === undefined || rest.length > 0 ? undefined : { kind, load, isKept };
}
