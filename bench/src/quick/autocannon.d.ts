/** What is used of autocannon 9, which brings no types. */
declare module 'autocannon' {
  export interface LoadRequest {
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    /** Is called with each answer. */
    readonly onResponse?: (status: number, body: string) => void;
  }

  export interface LoadClient {
    setRequests(requests: readonly LoadRequest[]): void;
  }

  export interface LoadOptions {
    readonly url: string;
    readonly connections: number;
    /** Seconds. */
    readonly duration?: number;
    /** Ends it before the duration does. */
    readonly maxConnectionRequests?: number;
    readonly setupClient?: (client: LoadClient) => void;
  }

  export interface LoadResult {
    readonly '2xx': number;
    readonly non2xx: number;
    /** Connections that failed, and requests that were not answered in time. */
    readonly errors: number;
    /** Seconds. */
    readonly duration: number;
    readonly statusCodeStats: Readonly<Record<string, { readonly count: number }>>;
    /** Milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number; readonly max: number };
  }

  const autocannon: (options: LoadOptions) => Promise<LoadResult>;

  // biome-ignore lint/style/noDefaultExport: it is that of autocannon.
  export default autocannon;
}
