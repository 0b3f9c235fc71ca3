import { CodecError } from './codec-error.ts';
import { frameLengthBytes } from './read-wire.ts';

const none: readonly Buffer[] = [];

/** Cuts a stream of bytes, as it comes in chunks, into frames without their lengths. */
export class FrameSplitter {
  readonly #maxFrameBytes: number;
  /** What came and is not a whole frame yet. */
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @param maxFrameBytes a longer frame is refused before it is gathered */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** Whether the stream may end here. */
  get isBetweenFrames(): boolean {
    return this.#bytes === 0;
  }

  /** Takes a chunk and returns the frames it completes, in order. Throws CodecError. */
  push(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    const needed = this.#needed();
    if (needed === undefined || this.#bytes < needed) return none;
    const [first, ...more] = this.#chunks as [Buffer, ...Buffer[]];
    return this.#cut(more.length === 0 ? first : Buffer.concat(this.#chunks));
  }

  /** Bytes of the first frame, its length included; undefined when that is not known yet. */
  #needed(): number | undefined {
    if (this.#bytes < frameLengthBytes) return undefined;
    let [first] = this.#chunks as [Buffer];
    if (first.length < frameLengthBytes) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    return this.#frameEnd(first, 0);
  }

  #cut(bytes: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= frameLengthBytes) {
      const end = this.#frameEnd(bytes, at);
      if (end > bytes.length) break;
      frames.push(bytes.subarray(at + frameLengthBytes, end));
      at = end;
    }
    this.#chunks = at === bytes.length ? [] : [bytes.subarray(at)];
    this.#bytes = bytes.length - at;
    return frames;
  }

  #frameEnd(bytes: Buffer, at: number): number {
    const length = bytes.readUInt32BE(at);
    if (length > this.#maxFrameBytes) throw new CodecError('a frame is longer than allowed');
    return at + frameLengthBytes + length;
  }
}
