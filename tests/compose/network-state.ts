import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import type { Commands } from './command.ts';

const forwarding = '/proc/sys/net/ipv4/ip_forward';
const bridge = 'docker0';

/** What a Docker engine changes in a machine's network and leaves behind: the packet filter, forwarding, its bridge. */
export class NetworkState {
  readonly #commands: Commands;
  readonly #rules: string;
  readonly #forwards: string;
  readonly #hadBridge: boolean;

  private constructor(commands: Commands, rules: string, forwards: string) {
    this.#commands = commands;
    this.#rules = rules;
    this.#forwards = forwards;
    this.#hadBridge = existsSync(`/sys/class/net/${bridge}`);
  }

  static async remember(commands: Commands): Promise<NetworkState> {
    const rules = await commands.run('iptables-save', []);
    return new NetworkState(commands, rules, await readFile(forwarding, 'utf8'));
  }

  async restore(): Promise<void> {
    const iptables = (...args: readonly string[]) => this.#commands.run('iptables', args);
    await this.#commands.run('iptables-restore', [], { input: this.#rules });
    // A table that nobody had used is not in the list of rules.
    for (const table of ['filter', 'nat'].filter((name) => !this.#rules.includes(`*${name}`))) {
      await iptables('-t', table, '-F');
      await iptables('-t', table, '-X');
      if (table === 'filter') await iptables('-P', 'FORWARD', 'ACCEPT');
    }
    await writeFile(forwarding, this.#forwards);
    if (!this.#hadBridge) await this.#commands.run('ip', ['link', 'delete', bridge], { mayFail: true });
  }
}
