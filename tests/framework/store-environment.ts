/** Environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An environment in which a store finds no settings: a developer's own must not change what the tests see. */
export function withoutStoreSettings(environment: Environment): Environment {
  // NODE_TEST_CONTEXT would make the store believe that it is a test file.
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(?:KV_|LOG_|NODE_TEST_CONTEXT$|NODE_OPTIONS$)/.test(name)),
  );
}
