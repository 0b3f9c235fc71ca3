/** One broker node to connect to. */
export interface BrokerAddress {
  /** An `amqp` or `amqps` URL, with the password in it: never to be logged. */
  readonly url: string;
  /** `host:port`, for people. */
  readonly label: string;
}

const defaultPorts: Readonly<Record<string, string>> = { 'amqp:': '5672', 'amqps:': '5671' };

/**
 * Reads a list of AMQP URLs, separated by commas: the nodes of one cluster.
 *
 * @throws RangeError when there is none, or one is not an `amqp` or `amqps` URL with a host; says which, not what
 */
export function parseBrokerAddresses(urls: string): readonly BrokerAddress[] {
  return urls.split(',').map((text, index) => parse(text.trim(), index + 1));
}

function parse(text: string, position: number): BrokerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const defaultPort = url && defaultPorts[url.protocol];
  if (url === undefined || defaultPort === undefined || url.hostname === '') {
    throw new RangeError(`address ${position} of the broker is not an amqp:// or amqps:// URL with a host`);
  }
  return { url: url.href, label: `${url.hostname}:${url.port || defaultPort}` };
}
