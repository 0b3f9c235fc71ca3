/** One program as the native mode runs it. It says how; `ManagedProcess` does it. */
export interface ProcessSpec {
  /** Unique in a stack, such as `redis-2`; also the name of the log file. */
  readonly name: string;
  /** Absolute path of the program. */
  readonly command: string;
  /** Every user of the machine can read these: no secrets. */
  readonly args: readonly string[];
  /** On top of PATH, HOME, TMPDIR and TZ. Nothing else of the parent's environment is passed on. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default `/`. */
  readonly cwd?: string;
  /** The program refuses to run as root: then it runs as `unprivilegedUser()`, which `prepare` has to make the owner of its files. */
  readonly isUnprivileged?: boolean;
  /**
   * A folder that is opened for the program, which sees it as `heldFolder`. An unprivileged program gets to it also when it
   * lies below a folder that only root may enter, such as /root or a data folder of mode 0700.
   */
  readonly folder?: string;
  /** Asks for a clean stop. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** What the kernel sends when the process that started it dies. Has to end it and its children for certain. Default SIGKILL. */
  readonly orphanSignal?: NodeJS.Signals;
  /** SIGKILL follows a clean stop that takes longer. Default 10,000. */
  readonly stopWithinMs?: number;
  /** Default 30,000. */
  readonly readyWithinMs?: number;
  /** Writes configuration files and the like; called before every start, so it keeps what a former run has left. */
  prepare?(): Promise<void>;
  /** Asked again and again until true. Never rejects. */
  isReady(): Promise<boolean>;
}

/** The path of a spec's `folder` for the program itself and all its children. */
export const heldFolder = '/proc/self/fd/3';
