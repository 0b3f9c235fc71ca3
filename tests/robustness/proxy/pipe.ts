import type { Socket } from 'node:net';
import { concerns, type Trouble } from './trouble.ts';

/** Read ahead of a receiver that takes nothing; more stays with the sender. */
const maxHeldBytes = 256 * 1024;
const dripsPerSecond = 20;

interface Held {
  readonly bytes: Buffer;
  /** When it came, milliseconds. */
  readonly at: number;
}

/** One way of a connection: takes what comes from one socket and gives it to the other, through whatever trouble there is. */
export class Pipe {
  /** Bytes that were kept back, or came late. */
  troubled = 0;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #way: 'out' | 'back';
  #trouble: Trouble | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #isSilent = false;
  #isFull = false;

  constructor(from: Socket, to: Socket, way: 'out' | 'back', trouble: Trouble | undefined) {
    this.#from = from;
    this.#to = to;
    this.#way = way;
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => {
      this.#hasEnded = true;
      this.#pass();
    });
    to.on('drain', () => {
      this.#isFull = false;
      this.#pass();
    });
    this.change(trouble);
  }

  /** Whether nothing comes through for now. */
  get isHeld(): boolean {
    return concerns(this.#trouble, this.#way) && this.#trouble.kind === 'black-hole';
  }

  change(trouble: Trouble | undefined): void {
    this.#trouble = trouble;
    if (concerns(trouble, this.#way) && trouble.kind === 'half-close') this.#silence();
    this.#pass();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#held = [];
  }

  #silence(): void {
    this.#isSilent = true;
    this.#held = [];
    this.#heldBytes = 0;
    this.#to.end();
  }

  #take(bytes: Buffer): void {
    if (concerns(this.#trouble, this.#way) || this.#isSilent) this.troubled += bytes.length;
    if (this.#isSilent) return;
    this.#held.push({ bytes, at: performance.now() });
    this.#heldBytes += bytes.length;
    this.#pass();
  }

  #pass(): void {
    clearTimeout(this.#timer);
    while (!this.isHeld && !this.#isFull && this.#to.writable) {
      const waitMs = this.#waitMs();
      if (waitMs === undefined) break;
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#pass(), waitMs);
        break;
      }
      this.#give();
      if (this.#isDripping) {
        this.#timer = setTimeout(() => this.#pass(), 1000 / dripsPerSecond);
        break;
      }
    }
    if (this.isHeld || this.#heldBytes >= maxHeldBytes) this.#from.pause();
    else this.#from.resume();
  }

  /** Until the next bytes may go; undefined: there are none. */
  #waitMs(): number | undefined {
    const [next] = this.#held;
    if (next === undefined) {
      if (this.#hasEnded && !this.#isSilent && !this.#to.writableEnded) this.#to.end();
      return undefined;
    }
    const trouble = this.#trouble;
    const isLate = concerns(trouble, this.#way) && trouble.kind === 'delay';
    return isLate ? Math.ceil(next.at + trouble.ms - performance.now()) : 0;
  }

  get #isDripping(): boolean {
    return concerns(this.#trouble, this.#way) && this.#trouble.kind === 'drip';
  }

  #give(): void {
    const next = this.#held.shift();
    if (next === undefined) return;
    const { bytes } = next;
    const most =
      concerns(this.#trouble, this.#way) && this.#trouble.kind === 'drip'
        ? Math.max(1, Math.floor(this.#trouble.bytesPerSecond / dripsPerSecond))
        : bytes.length;
    if (most < bytes.length) this.#held.unshift({ bytes: bytes.subarray(most), at: next.at });
    const given = bytes.subarray(0, most);
    this.#heldBytes -= given.length;
    this.#isFull = !this.#to.write(given);
  }
}
