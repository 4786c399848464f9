// What we call of the Espruino interpreter (2v29 and later), and nothing else: an unknown name is a
// type error. The types on npm describe firmware 1v95 and do not compile beside Node's.

interface EspruinoSocket {
  /** One datagram: a byte string, never an array and never empty. */
  send(message: string, port: number, host: string): void;
  on(
    event: "message",
    listener: (message: string, from: { address: string; port: number }) => void,
  ): void;
  on(event: "close", listener: () => void): void;
  close(): void;
  /** Bytes accepted by `send` and not yet by the network. */
  dSnd?: string;
}

/** A TCP connection; what it does and when: mqtt.ts. */
interface EspruinoStream {
  /** Bytes; throws once the connection is over. */
  write(bytes: string): void;
  /** Closes it, once what is queued and `bytes` have left. */
  end(bytes?: string): void;
  on(event: "data", listener: (bytes: string) => void): void;
  on(event: "close", listener: () => void): void;
  /** Bytes accepted by `write` and not yet by the network. */
  dSnd?: string;
}

interface EspruinoStorage {
  read(name: string): string | undefined;
  /**
   * Makes the file, of `size` bytes; with an offset above 0 fills in place what is still 0xFF, and
   * throws where it is not, as it does where there is no room.
   */
  write(name: string, data: string, offset?: number, size?: number): boolean;
}

interface EspruinoWifi {
  connect(
    ssid: string,
    options: { password?: string },
    done: (error?: string | null) => void,
  ): void;
  on(event: "disconnected", listener: () => void): void;
  getHostByName(name: string, done: (address: string | null) => void): void;
}

declare function require(module: "dgram"): { createSocket(type: "udp4"): EspruinoSocket };
declare function require(module: "net"): {
  connect(to: { host: string; port: number }): EspruinoStream;
};
declare function require(module: "crypto"): { SHA256(message: string): ArrayBuffer };
declare function require(module: "Storage"): EspruinoStorage;
declare function require(module: "Wifi"): EspruinoWifi;

declare const E: {
  toString(bytes: ArrayBuffer): string;
  CRC32(message: string): number;
  srand(seed: number): void;
};

/** Seconds, with a fraction; jumps when someone sets the clock. */
declare function getTime(): number;
declare function setTimeout(call: () => void, ms: number): number;
/** Never without a number: without one it clears every timer of the board. */
declare function clearTimeout(timer: number): void;

/** What `device bundle` puts in front of the bundle. */
declare const NEXTBEAT: {
  id: number;
  /** The 16 bytes of the device's key; "" under suite 0. */
  secret: string;
  /** IPv4 address in dots, "" while there is no network; a name where Wi-Fi will resolve it. */
  host: string;
  port: number;
  /** Own interval in ms. */
  own: number;
  /** 8 random bytes of this very bundle, as letters. */
  salt: string;
  /** Extensions of a cold-boot beat: `coldBoot` in state.ts. */
  extra: string;
  /** Wi-Fi to join; none where the network is there already. */
  ssid: string;
  pass: string;
  /** Login at an MQTT broker, in UTF-8 bytes; none if absent. */
  user?: string;
  password?: string;
  /** Made by mqtt.ts: how it stands with the broker, 0 is well. */
  broker?: number;
  /**
   * The application's own: does what a command asks for, at once. What it returns is the result: a
   * text (done), nothing (done), or a number: 1 refused, 2 failed, 3 unknown command. What it
   * throws is told as failed. See board-commands.ts.
   */
  onCommand?: (payload: string) => string | number | undefined;
  /** Made by main.ts. Wakes the loop; board-wifi.ts calls it with "" once there is a network. */
  wake: (frame: string) => void;
};
