// What boards of one make have in common, and what one of them is told apart by.

import type { SenderConfig } from "../device/state.ts";
import type { Board } from "./board.ts";
import type { LinkPreset } from "./presets.ts";

/** Byte string to byte string of 32. Handed in: a core knows no platform. */
export type Sha256 = (message: string) => string;

/** An application: a text or nothing (done), or a RESULT's code. `id`: of the board. */
export type OnCommand = (payload: string, id: number) => string | number | undefined;

/** What boards of one make have in common; a fleet shares one of these. */
export interface BoardKind {
  readonly suite: number;
  readonly intervalMs: number;
  readonly link: LinkPreset;
  /** Reach class: 0 awake, 1 light sleep, 2 deep sleep. Default 0. */
  readonly reach?: number;
  /** The board's clock when the world's is 0, ms, and its error, parts per million (+ = fast). */
  readonly clockMs?: number;
  readonly clockPpm?: number;
  /** Every wake measures another signal, as in life: no two beats are alike by chance. */
  readonly signalVaries?: boolean;
  /** Anything else of the sender's configuration. */
  readonly config?: Partial<SenderConfig>;
  /** What its application does with a command's payload. Default: none knows any. */
  readonly onCommand?: OnCommand;
  /** Whether it looks for the life of its NAT binding. Default no. */
  readonly probes?: boolean;
  /** Its site, told to the gateway at enrolment. Default none. */
  readonly site?: string;
}

/** What happens to a board's way out while it is awake. */
export interface Shell {
  /** It has a new socket, or connects anew; `other`: it turns to its other transport. */
  reopen(board: Board, other?: boolean): void;
  /** A frame goes out on its second socket (probing.ts). */
  probe?: (board: Board, frame: string) => void;
  /** It climbs a rung of its ladder (device/ladder.ts). */
  climbed(board: Board, rung: number): void;
}

export interface BoardOptions extends BoardKind {
  readonly name: string;
  readonly id: number;
  /** 16 bytes; drawn from the seed by default. */
  readonly key?: string;
  /** What the board's bundle was salted with; drawn from the seed by default. */
  readonly salt?: string;
}

/** Where power can go: nothing durable; durable and not sent; sent and not noted. */
export const POWER_CUTS = ["before-store", "after-store", "after-send"] as const;
/** And with a command: nothing durable; begun, not done; done, no result durable; RESULT sent. */
export const COMMAND_CUTS = ["before-begun", "after-begun", "after-done", "after-result"] as const;
export type PowerCut = (typeof POWER_CUTS)[number] | (typeof COMMAND_CUTS)[number];

/** One for all: a million empty lists are 32 MB. */
export const NO_LABELS: readonly string[] = [];
