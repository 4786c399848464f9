// A board's flash: files whose bytes are filled once, as the firmware's Storage module keeps them,
// and the power that may go before, within and after each step of a write.
//
// What a write does there (jsflash.c): the same text again is nothing; a file that is rewritten is
// dropped first, then its header is written and it reads as 0xFF bytes, then come its bytes; a byte
// that is filled in place may be cut with some of its bits cleared. A cut leaves exactly that.

const HEADER = 32;
const aligned = (size: number): number => (size + 3) & ~3;

/** Thrown where the power goes; whatever catches it can do nothing more. */
export class PowerCut extends Error {
  constructor() {
    super("the power is gone");
  }
}

/** A flash: it outlives the board that runs on it. */
export class PretendFlash {
  readonly files = new Map<string, string>();
  /** Bytes that files took, headers with them, as if no page was ever erased. */
  taken = 0;
  /** Steps done; the power goes instead of the step with this number. */
  steps = 0;
  cutAt = Infinity;
  /** Uniform in [0, 1): how far a step came that was cut. */
  luck: () => number = () => 0.5;

  read(name: string): string | undefined {
    return this.files.get(name);
  }

  write(name: string, data: string, offset = 0, size = 0): boolean {
    const old = this.files.get(name);
    if (data === "") throw new Error("Can't create zero length file");
    if (offset > 0) this.fill(name, data, offset);
    else if (old !== data || size > data.length) this.make(name, data, size || data.length);
    return true;
  }

  erase(name: string): void {
    this.step(() => this.files.delete(name));
  }

  private make(name: string, data: string, size: number): void {
    if (data.length > size) throw new Error("Too much data for file size");
    if (this.files.has(name)) this.erase(name);
    this.step(() => {
      this.files.set(name, "\xff".repeat(size));
      this.taken += HEADER + aligned(size);
    });
    this.fill(name, data, 0);
  }

  private fill(name: string, data: string, offset: number): void {
    const old = this.files.get(name);
    const end = offset + data.length;
    if (old === undefined) throw new Error("Unable to find or create file");
    if (end > old.length) throw new Error("Too much data for file size");
    if (!/^\xff*$/.test(old.slice(offset, end)))
      throw new Error("File already written with different data");
    const put = (bytes: string) =>
      this.files.set(name, old.slice(0, offset) + bytes + old.slice(offset + bytes.length));
    this.step(
      () => put(data),
      () => {
        const whole = Math.floor(this.luck() * data.length);
        const torn = data.charCodeAt(whole) | Math.floor(this.luck() * 256);
        put(data.slice(0, whole) + String.fromCharCode(torn));
      },
    );
  }

  /** One step; if the power goes, before it, amid it (`part`) or right after it. */
  private step(whole: () => void, part = whole): void {
    if (this.steps++ < this.cutAt) return void whole();
    const how = Math.floor(this.luck() * 3);
    if (how === 1) part();
    if (how === 2) whole();
    throw new PowerCut();
  }
}
