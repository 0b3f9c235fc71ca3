/** What is to be profiled, under what. */
export interface ProfileCommand {
  readonly kind: ProfiledKind;
  readonly load: ProfiledLoad;
}

const kinds = ['gateway', 'storage-node', 'consumer'] as const;
const loads = ['get', 'put', 'waited-put'] as const;
export type ProfiledKind = (typeof kinds)[number];
export type ProfiledLoad = (typeof loads)[number];

export const profileUsage = `Usage: npm run profile -- PROCESS [LOAD]

Starts a native store on a folder of its own, puts a load on it through Nginx and Envoy, and says where one of its processes
spends its time. The whole profile is written as PROCESS-LOAD.cpuprofile, which browsers open.
  PROCESS  ${kinds.join(', ')}
  LOAD     ${loads.join(', ')}; get by default, put for a consumer
`;

/** Undefined when that cannot be told. */
export function readProfileCommand(words: readonly string[]): ProfileCommand | 'help' | undefined {
  if (words.length === 1 && words[0] === '--help') return 'help';
  const [word, loadWord = word === 'consumer' ? 'put' : 'get', ...rest] = words;
  const kind = kinds.find((each) => each === word);
  const load = loads.find((each) => each === loadWord);
  return kind === undefined || load === undefined || rest.length > 0 ? undefined : { kind, load };
}
