import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type FailpointAction,
  type Hit,
  makeControlFolder,
  readHits,
  readReached,
  type Setting,
  writeSettings,
} from './control.ts';

/** Controls the failpoints of every process of a build. */
export class Failpoints {
  /** To be given to `failpointPatches`. */
  readonly folder: string;
  #settings: readonly Setting[] = [];
  #ids = 0;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'stratakv-failpoints-'));
    makeControlFolder(this.folder);
  }

  /** What was done so far, over all processes. */
  get hits(): readonly Hit[] {
    return readHits(this.folder);
  }

  /** Names of the places some process came to. */
  get reached(): ReadonlySet<string> {
    return readReached(this.folder);
  }

  /**
   * Has the next `times` processes that come to a place do something. Returns `hits`: how often it happened, and `lift`,
   * after which it happens no more.
   */
  set(place: string, action: FailpointAction, times = 1): { hits(): readonly Hit[]; lift(): void } {
    this.#ids += 1;
    const id = this.#ids;
    this.#write([...this.#settings, { id, place, action, times }]);
    return {
      hits: () => this.hits.filter((hit) => hit.id === id),
      lift: () => this.#write(this.#settings.filter((setting) => setting.id !== id)),
    };
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(settings: readonly Setting[]): void {
    this.#settings = settings;
    writeSettings(this.folder, settings);
  }
}
