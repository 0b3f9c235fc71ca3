import { parseBrokerAddresses } from './broker-address.ts';
import type { OnBrokerEvent } from './broker-event.ts';
import { Link } from './link.ts';

export interface BrokerOptions {
  /** AMQP URLs of the nodes of one cluster, separated by commas. Secret. */
  readonly urls: string;
  /** Shown in the broker's list of connections, such as the name of the service and of the host. */
  readonly clientName?: string;
  readonly heartbeatSeconds?: number;
  /** Bound on the time to connect to one node, milliseconds. */
  readonly connectTimeoutMs?: number;
  readonly onEvent?: OnBrokerEvent;
}

export type LinkState = 'connected' | 'connecting' | 'blocked' | 'closed';

/**
 * The two connections of a process to a RabbitMQ cluster, which come back by themselves. An alarm of the broker stops
 * connections that publish, so nothing is consumed or asked on that one.
 */
export class RabbitMqBroker {
  readonly publishing: Link;
  readonly consuming: Link;
  readonly onEvent: OnBrokerEvent;

  /**
   * Starts to connect at once.
   *
   * @throws RangeError when `urls` is not a list of AMQP URLs
   */
  constructor(options: BrokerOptions) {
    const {
      urls,
      clientName = 'stratakv',
      heartbeatSeconds = 5,
      connectTimeoutMs = 3_000,
      onEvent = () => {},
    } = options;
    const common = { addresses: parseBrokerAddresses(urls), heartbeatSeconds, connectTimeoutMs, onEvent };
    this.onEvent = onEvent;
    this.publishing = new Link('publishing', { ...common, clientName: `${clientName} publishing` });
    this.consuming = new Link('consuming', { ...common, clientName: `${clientName} consuming` });
  }

  get state(): { readonly publishing: LinkState; readonly consuming: LinkState } {
    return { publishing: stateOf(this.publishing), consuming: stateOf(this.consuming) };
  }

  async close(): Promise<void> {
    await Promise.all([this.publishing.close(), this.consuming.close()]);
  }
}

function stateOf(link: Link): LinkState {
  if (link.isClosed) return 'closed';
  if (link.connection === undefined) return 'connecting';
  return link.blockedBecause === undefined ? 'connected' : 'blocked';
}
