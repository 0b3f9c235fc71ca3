import { readFileSync } from 'node:fs';
import { freePort, isFree } from './free-port.ts';
import { reservePort } from './port-reservation.ts';
import { writePrivateFile } from './servers/private-file.ts';

/** Which port on 127.0.0.1 each process has, kept between starts so that a reader of logs and metrics finds them again. */
export class PortBook {
  readonly #file: string;
  readonly #kept: Readonly<Record<string, number>>;
  readonly #given: Record<string, number> = {};

  /** @param file JSON, made at the first start; one that cannot be read counts as empty */
  constructor(file: string) {
    this.#file = file;
    this.#kept = readPorts(file);
  }

  /** The port of before when it is free, else another free one. The same name gets the same port. */
  async portOf(name: string): Promise<number> {
    const given = this.#given[name];
    if (given !== undefined) return given;
    const kept = this.#kept[name];
    const isKept = kept !== undefined && (await reservePort(kept)) && (await isFree(kept));
    const port = isKept ? kept : await freePort();
    this.#given[name] = port;
    return port;
  }

  async save(): Promise<void> {
    await writePrivateFile(this.#file, `${JSON.stringify({ ...this.#kept, ...this.#given }, null, 2)}\n`);
  }
}

function readPorts(file: string): Readonly<Record<string, number>> {
  try {
    const ports: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const pairs = Object.entries(ports ?? {}).filter((pair): pair is [string, number] => Number.isInteger(pair[1]));
    return Object.fromEntries(pairs);
  } catch {
    return {};
  }
}
