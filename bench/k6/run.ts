import exec from 'k6/execution';
import http from 'k6/http';
import type { Options } from 'k6/options';
import { Client } from './client.ts';
import { Entries } from './entries.ts';
import { cleanUp, fillIn } from './fill.ts';
import { Meters } from './meters.ts';
import { optionsOf } from './options.ts';
import type { ScenarioName } from './scenarios.ts';
import { readSettings } from './settings.ts';
import { VirtualUser } from './virtual-user.ts';

/** What a script of k6 exports. */
export interface Script {
  readonly options: Options;
  readonly setup: () => void;
  /** One step of one virtual user. */
  readonly step: () => void;
  readonly teardown: () => void;
  readonly handleSummary: (data: unknown) => Record<string, string>;
}

/** Makes the script of a scenario, once for each virtual user. */
export function createScript(name: ScenarioName): Script {
  const settings = readSettings(name);
  const entries = new Entries(settings, __VU + 1);
  const client = new Client(settings.url, new Meters());
  const user = new VirtualUser(client, entries, `${settings.space}own/${__VU}/`, __VU);
  // A condition that does not hold, and absence, are answers too.
  http.setResponseCallback(http.expectedStatuses({ min: 200, max: 399 }, 404, 412));
  return {
    options: optionsOf(name, settings),
    setup: () => fillIn(settings, entries),
    step: () => user.take(exec.scenario.iterationInTest),
    teardown: () => {
      if (settings.cleansUp) cleanUp(settings);
    },
    handleSummary: (data) => ({ [settings.summaryFile]: JSON.stringify(data) }),
  };
}
