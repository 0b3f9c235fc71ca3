import { STATUS_CODES } from 'node:http';

/** What the store answered, whatever connection it came over. */
export class Answer {
  readonly status: number;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
  /** Lower-case names; a header that came more than once has all its values. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;

  constructor(status: number, rawHeaders: readonly string[], body: Buffer) {
    this.status = status;
    this.rawHeaders = rawHeaders;
    this.body = body;
    const headers = new Map<string, string[]>();
    for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
      const name = (rawHeaders[at] ?? '').toLowerCase();
      const value = rawHeaders[at + 1] ?? '';
      const values = headers.get(name);
      if (values === undefined) headers.set(name, [value]);
      else values.push(value);
    }
    this.headers = headers;
  }

  get text(): string {
    return this.body.toString('utf8');
  }

  /** The media type without its parameters; undefined without a `Content-Type`. */
  get mediaType(): string | undefined {
    return this.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  }

  /**
   * The value of a header that comes at most once.
   *
   * @throws Error when it came more than once
   */
  header(name: string): string | undefined {
    const values = this.headers.get(name.toLowerCase());
    if (values !== undefined && values.length > 1) throw new Error(`${name} came ${values.length} times`);
    return values?.[0];
  }

  /** @throws SyntaxError when the body is not JSON */
  json(): unknown {
    return JSON.parse(this.text);
  }

  /** For the message of a failed check. */
  describe(): string {
    const start = this.body.subarray(0, 600).toString('utf8');
    return `${this.status} ${STATUS_CODES[this.status] ?? ''} ${start}`.trimEnd();
  }
}
