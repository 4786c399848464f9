// What an ESP32 and an ESP8266 have beside the interpreter: a Wi-Fi module with the habits that the
// firmware's has, deep sleep that ends a life, and the reasons why one began.

import type { PretendBoard } from "./board-rig.ts";

/** What Wi-Fi does, asked at each step. */
export interface Air {
  /** How long joining takes in ms; undefined: the callback never comes; a text: it fails so. */
  joins(nth: number): number | string | undefined;
  /** The address of a name, undefined: never answered; null: there is none. */
  resolves(name: string, nth: number): string | null | undefined;
}

/** The module `Wifi`. A second `connect` drops the first one's callback. */
export class PretendWifi {
  readonly asked: string[] = [];
  status = "off";
  rssi = -61;
  board: PretendBoard | undefined;
  air: Air;
  private readonly listeners = new Map<string, (() => void)[]>();
  private joins = 0;
  private names = 0;

  constructor(air: Air) {
    this.air = air;
  }

  connect(ssid: string, { password }: { password?: string }, done: (error: unknown) => void): void {
    this.asked.push(`${ssid} ${password}`);
    const nth = ++this.joins;
    this.status = "connecting";
    const came = this.air.joins(nth);
    if (came === undefined) return;
    this.board!.after(typeof came === "number" ? came : 2000, () => {
      if (nth !== this.joins) return;
      this.status = typeof came === "number" ? "connected" : "off";
      done(typeof came === "number" ? null : came);
    });
  }
  disconnect(done: () => void): void {
    this.asked.push("leave");
    this.status = "off";
    this.board!.after(1, done);
  }
  getHostByName(name: string, done: (address: string | null) => void): void {
    this.asked.push(name);
    const address = this.air.resolves(name, ++this.names);
    if (address !== undefined) this.board!.after(20, () => done(address));
  }
  on(event: string, listener: () => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
  }
  setIP(settings: { ip: string }, done?: () => void): void {
    this.asked.push(`address ${settings.ip}`);
    done?.();
  }
  setConfig(settings: { powersave: string }): void {
    this.asked.push(`powersave ${settings.powersave}`);
  }
  getDetails(): object {
    return { status: this.status, rssi: this.rssi };
  }
  /** The link goes; the firmware tells of it, or does not. */
  lose(told: boolean): void {
    this.status = told ? "off" : "connected";
    if (told) for (const listener of this.listeners.get("disconnected") ?? []) listener();
  }
}

/** The global of a chip, for one life. */
export function chip(kind: "ESP32" | "ESP8266", timer: boolean, board: () => PretendBoard): object {
  const sleep = (us: unknown): void => {
    if (!Number.isInteger(us) || (us as number) < 1 || (us as number) > 0x7fffffff)
      throw new Error(`Invalid microseconds ${us}`);
    const end = (): never => board().end("sleep", (us as number) / 1000);
    if (kind === "ESP32") end();
    // The other chip goes down a moment later, and the script runs on until then.
    board().note("goes down");
    board().after(20, end);
  };
  const reboot = () => board().end("reboot");
  return kind === "ESP32"
    ? { deepSleep: sleep, reboot, getWakeupCause: () => (timer ? 4 : 0) }
    : {
        deepSleep: sleep,
        reboot,
        getResetInfo: () => ({ reason: timer ? "deep sleep" : "power on" }),
      };
}
