// Sockets of the virtual interpreter: datagrams that queue as the firmware queues them, a TCP
// connection whose other end the test plays, and promises that are resolved already.

/** A socket of `dgram`: `dSnd` holds what is queued, an 8-byte header before each frame. */
export class PretendDatagrams {
  dSnd = "";
  host = "";
  port = 0;
  readonly listeners = new Map<string, (...args: unknown[]) => void>();

  on(event: string, listener: (...args: unknown[]) => void): void {
    this.listeners.set(event, listener);
  }
  send(message: string, port: number, host: string): void {
    if (message === "") throw new Error("an empty datagram kills a peer");
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(host)) throw new Error(`${host} blocks, or is broadcast`);
    this.port = port;
    this.host = host;
    this.dSnd += `--------${message}`;
  }
  close(): void {
    this.listeners.get("close")?.();
  }
}

/** The other end of a connection: what it hears, and that it is over. */
export interface Peer {
  hear(bytes: string): void;
  closed(): void;
}

/** What the other end does: bytes after some ms, and hanging up. */
export interface Line {
  send(bytes: string, ms: number): void;
  close(ms: number): void;
}

/** A socket of `net`. Connects, or fails, a moment later; what is written leaves at once. */
export class PretendStream {
  private readonly listeners = new Map<string, ((...args: unknown[]) => void)[]>();
  private open = true;
  private peer: Peer | undefined;

  constructor(
    answers: (line: Line) => Peer | undefined,
    done: () => void,
    after: (ms: number, call: () => void) => void,
  ) {
    const line: Line = {
      send: (bytes, ms) => after(ms, () => this.open && this.emit("data", bytes)),
      close: (ms) => after(ms, () => this.over(false)),
    };
    after(3, () => {
      if (!this.open) return;
      this.peer = answers(line);
      if (this.peer) done();
      else this.over(true);
    });
  }

  on(event: string, listener: (...args: unknown[]) => void): this {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    return this;
  }
  write(bytes: string): boolean {
    if (!this.open) throw new Error("This socket is closed");
    this.peer?.hear(bytes);
    return true;
  }
  end(bytes = ""): void {
    if (bytes && this.open) this.peer?.hear(bytes);
    this.over(false);
  }

  private over(failed: boolean): void {
    if (!this.open) return;
    this.open = false;
    this.peer?.closed();
    if (failed) this.emit("error", { code: -1, message: "connection refused" });
    this.emit("close", failed);
  }
  private emit(event: string, ...args: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...args);
  }
}

/** A promise that is resolved: what hangs on it waits for the end of the turn. */
export class Resolved {
  private readonly jobs: (() => void)[];
  constructor(jobs: (() => void)[]) {
    this.jobs = jobs;
  }
  then(call: () => void): void {
    this.jobs.push(call);
  }
}
