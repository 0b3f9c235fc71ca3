/**
 * Counts the pieces of work that hold the next one back, so that it gathers meanwhile. Each counts until it is let go of,
 * but never longer than the limit: one that is late no longer holds others back.
 */
export class Hold {
  readonly #limitMs: number;
  readonly #onRelease: () => void;
  #count = 0;

  /** @param onRelease called each time the count went down */
  constructor(limitMs: number, onRelease: () => void) {
    this.#limitMs = limitMs;
    this.#onRelease = onRelease;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts one more. @returns the function that lets go of it; it does so once, and not again after the limit */
  take(): () => void {
    this.#count += 1;
    let isHeld = true;
    const letGo = () => {
      if (!isHeld) return;
      isHeld = false;
      clearTimeout(timer);
      this.#count -= 1;
      this.#onRelease();
    };
    const timer = setTimeout(letGo, this.#limitMs);
    return letGo;
  }
}
