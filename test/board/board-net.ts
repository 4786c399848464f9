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

/** A socket of `net`. Connects at once, or throws, as on ESP32; what is written leaves at once. */
export class PretendStream {
  dSnd = "";
  private readonly listeners = new Map<string, ((...args: unknown[]) => void)[]>();
  private open = true;
  private readonly peer: Peer;

  constructor(
    answers: (line: Line) => Peer | undefined,
    after: (ms: number, call: () => void) => void,
  ) {
    const peer = answers({
      send: (bytes, ms) => after(ms, () => this.open && this.emit("data", bytes)),
      close: (ms) => after(ms, () => this.over()),
    });
    if (!peer) throw new Error("Connect failed (err -1)");
    this.peer = peer;
  }

  on(event: string, listener: (...args: unknown[]) => void): this {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    return this;
  }
  write(bytes: string): void {
    if (!this.open) throw new Error("This socket is closed");
    this.peer.hear(bytes);
  }
  end(bytes = ""): void {
    const last = this.dSnd + bytes;
    if (last && this.open) this.peer.hear(last);
    this.over();
  }

  private over(): void {
    if (!this.open) return;
    this.open = false;
    this.peer.closed();
    this.emit("close", false);
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
