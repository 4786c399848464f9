/**
 * A TCP relay in front of a gateway, whose connections a test breaks: what a killed gateway leaves
 * of its streams, and a gateway that stops in an orderly way does not.
 */

import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Relay {
  readonly port: number;
  /** Resets each connection now open. */
  cut(): void;
  close(): void;
}

/** @param to a port of this machine */
export async function relayTo(to: number): Promise<Relay> {
  const open = new Set<Socket>();
  const join = (from: Socket, into: Socket) => {
    open.add(from);
    from.on("error", () => into.destroy()).on("close", () => into.destroy());
    from.pipe(into);
  };
  const server = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    join(near, far);
    join(far, near);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    close: () => void server.close(),
  };
}
