/** Each process has two connections, because an alarm of the broker stops the one that publishes. */
export type LinkName = 'publishing' | 'consuming';

/** What happens between an adapter and its broker, for a log. Holds no secrets. */
export type BrokerEvent =
  | {
      readonly kind: 'connected';
      readonly link: LinkName;
      /** `host:port`. */
      readonly address: string;
      /** What the broker says it is, such as `RabbitMQ`, `3.10.8` and the name of its cluster. */
      readonly product: string;
      readonly version: string;
      readonly cluster: string;
    }
  | { readonly kind: 'connect-failed'; readonly link: LinkName; readonly address: string; readonly cause: Error }
  | { readonly kind: 'disconnected'; readonly link: LinkName; readonly address: string; readonly cause: Error }
  /** A node of the cluster is short of memory or disk; nothing can be published until `unblocked`. */
  | { readonly kind: 'blocked'; readonly link: LinkName; readonly reason: string }
  | { readonly kind: 'unblocked'; readonly link: LinkName }
  | { readonly kind: 'topology-ready' }
  /** The queues are not there yet (they are looked for again), or differ from what this version declares. */
  | { readonly kind: 'topology-failed'; readonly cause: Error }
  /** The address of a listener could not be taken again after a reconnect; its notices are lost until then. */
  | { readonly kind: 'listening-failed'; readonly cause: Error }
  /** A message on a reply queue that is no outcome. */
  | { readonly kind: 'notice-damaged'; readonly cause: Error };

export type OnBrokerEvent = (event: BrokerEvent) => void;
