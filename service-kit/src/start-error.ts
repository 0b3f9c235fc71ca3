/** Why something did not start, and what to do about it. */
export class StartError extends Error {
  /** What the person who starts it can do. */
  readonly advice: string;

  constructor(message: string, advice: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StartError';
    this.advice = advice;
  }
}
