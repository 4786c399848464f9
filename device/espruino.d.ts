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
  erase(name: string): void;
  /**
   * Makes the file, of `size` bytes; with an offset above 0 fills in place what is still 0xFF, and
   * throws where it is not, as it does where there is no room.
   */
  write(name: string, data: string, offset?: number, size?: number): boolean;
}

/** On ESP32 and ESP8266; Espruino WiFi has the first five, see board-espruino-wifi.ts. */
interface EspruinoWifi {
  connect(
    ssid: string,
    options: { password?: string },
    done: (error?: string | null) => void,
  ): void;
  disconnect(done: () => void): void;
  on(event: "connected" | "disconnected", listener: () => void): void;
  setIP(address: { ip: string; gw: string; netmask: string }, done: () => void): void;
  getHostByName(name: string, done: (address: string | null) => void): void;
  getDetails(): { status: string; rssi: number };
  /** `gw`: the router's address. */
  getIP(): { gw: string };
  setConfig(settings: { powersave: "none" | "ps-poll" | "min" | "max" }): void;
}

/** The global of a chip: ESP32 tells why it woke, ESP8266 why it was reset. */
interface EspruinoChip {
  /** An integer of 1..2147483647 microseconds. Ends all: the chip boots when it is over. */
  deepSleep(us: number): void;
  reboot(): void;
  /** 4: the timer. */
  getWakeupCause?(): number;
  getResetInfo?(): { reason: string };
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
  /** A text as its bytes in UTF-8; what is bytes stays. Not where text is always bytes. */
  fromUTF8?(text: string): string;
  CRC32(message: string): number;
  srand(seed: number): void;
  /** A cold start; on Linux it ends the process. */
  reboot(): void;
};

declare const ESP32: EspruinoChip | undefined;
declare const ESP8266: EspruinoChip | undefined;
declare const process: {
  env: { BOARD: string };
  /** JsVars; without garbage, which takes some ms to find, unless told not to look. */
  memory(collect?: boolean): { free: number };
};
declare function print(text: string): void;

/** Seconds, with a fraction; jumps when someone sets the clock. */
declare function getTime(): number;
declare function setTimeout(call: () => void, ms: number): number;
/** Never without a number: without one it clears every timer of the board. */
declare function clearTimeout(timer: number): void;

/**
 * What `device bundle` puts in front of the bundle, and where the application's script, behind it,
 * hangs its hooks. A hook that throws says nothing, and costs no beat.
 */
declare const NEXTBEAT: {
  id: number;
  /** The 16 bytes of the device's key; "" under suite 0. */
  secret: string;
  /** IPv4 address in dots, "" while there is no network; a name where Wi-Fi will resolve it. */
  host: string;
  port: number;
  /** How to reach it: 0 UDP (the default), 1 MQTT, then host and port are the broker's. */
  way?: number;
  /** Further gateways, tried in order when this one is silent: host, port, way. */
  more?: [string, number, number][];
  /** Login at an MQTT broker, in UTF-8 bytes; none if absent. */
  user?: string;
  password?: string;
  /** Made by mqtt.ts: how it stands with the broker, 0 is well. */
  broker?: number;
  /** Own interval in ms; while the application's alert is on; while the battery is low (`own`). */
  own: number;
  ownMin?: number;
  ownMax?: number;
  /** Reach class: 0 awake (the default), 1 light sleep, 2 deep sleep. */
  reach?: number;
  /** Waking and joining in ms, at most (0); relative error of the clock over a gap (0.01). */
  wakeMs?: number;
  clockError?: number;
  /** Make-ups of a beat, 0 (the default) to 2. */
  makeUps?: number;
  /** Interval codes between which the gateway may pace this board (34 and 152: 1 s and 1 h). */
  paceMin?: number;
  paceMax?: number;
  /** 8 random bytes of this very bundle, as letters. */
  salt: string;
  /** Extensions of a cold-boot beat: `coldBoot` in state.ts. */
  extra: string;
  /** Wi-Fi to join; none where the network is there already. */
  ssid: string;
  pass: string;
  /** A fixed address of this board, all three or none: see board-wifi.ts for who obeys it. */
  ip?: string;
  gw?: string;
  mask?: string;

  /**
   * The application's own: does what a command asks for, at once. What it returns is the result: a
   * text (done), nothing (done), or a number: 1 refused, 2 failed, 3 unknown command. What it
   * throws is told as failed. See board-commands.ts.
   */
  onCommand?: (payload: string) => string | number | undefined;
  /** Asked before each beat: battery in per cent, 0..100; -1 on external power. */
  battery?: () => number;
  /** Signal in dBm; Wi-Fi's own where the application gives none. */
  signal?: () => number;
  /** Degrees C, for every beat. */
  temperature?: () => number;
  /** Made by main.ts. The alert goes on or off: it beats at once, and then every `ownMin`. */
  alert: (on: boolean) => void;
  /** Made by main.ts. Says goodbye: one more beat; once it is acknowledged, silence till a boot. */
  leave: () => void;
  /**
   * Made by main.ts. Up to 200 bytes for the next beat and on, until one that carried them is
   * acknowledged; another payload takes their place. Throws on a longer one.
   */
  send: (payload: string) => void;

  /** Made by main.ts. Wakes the loop; who joins the network calls it with "" once there is one. */
  wake: (frame: string) => void;
  /** Made by board-wifi.ts and its like: the gateway's name; leaves the network and joins anew. */
  name?: string;
  rejoin?: () => void;
  /** Made by main.ts: how long, in ms, nothing is to be joined yet; who joins sets it to 0. */
  hold?: number;
};
