// How the demo tells what happens: one line an event, with the seconds since its start, in words
// that a newcomer understands. Colours only on a terminal.

import type { ChangeJson, DeviceJson } from "../gateway/http/answers.ts";
import { sayDuration, sayInstant } from "./duration.ts";
import type { GatewayChild } from "./gateway-child.ts";
import type { Member, SocketFleet } from "./sockets.ts";
import { sayMs, sayShare, summarise, summariseMember } from "./summary.ts";
import { table } from "./tell.ts";

/** A board that was unplugged; instants in unix ms, 0 = not yet. */
export interface Loss {
  readonly member: Member;
  readonly at: number;
  dueAt: number;
  lateAt: number;
  absentAt: number;
  returnedAt: number;
}

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;
type Colour = keyof typeof COLOURS;

export class Story {
  private readonly out: (text: string) => void;
  private readonly coloured: boolean;
  private startedAt = 0;

  constructor(out: (text: string) => void, coloured: boolean) {
    this.out = out;
    this.coloured = coloured;
  }

  /** @param startedAt unix ms; what is told later is told from there */
  opens({ url, udpPort, folder }: GatewayChild, startedAt: number): void {
    this.startedAt = startedAt;
    this.line("");
    this.line(this.paint("bold", "  nextbeat: every heartbeat promises the next"));
    this.line("");
    this.line(`  ${this.paint("bold", "dashboard")}   ${this.paint("bold", url.href)}`);
    this.line(`  beats       UDP port ${udpPort}, 12 boards on flaky links`);
    this.line(`  data        ${folder}, gone at the end`);
    this.line("");
  }

  /** How it goes, when nothing else is to be said. */
  status(fleet: SocketFleet, present: number): void {
    const { acked, lossUp, lossDown } = summarise(fleet);
    const words = `${present} of ${fleet.members.length} present, ${acked} beats acknowledged`;
    const loss = `loss ${sayShare(lossUp)} up, ${sayShare(lossDown)} down`;
    this.say(Date.now(), this.paint("dim", `${words}; ${loss}`));
  }

  unplugged({ board }: Member): void {
    this.say(
      Date.now(),
      this.paint("bold", `${board.name} is unplugged. Nobody tells the gateway.`),
    );
  }

  plugged({ board }: Member): void {
    this.say(Date.now(), this.paint("bold", `${board.name} is plugged in again`));
  }

  /** A change as the gateway told it. `loss`: the board has no power, or has just got it back. */
  changed(member: Member, change: ChangeJson, device: DeviceJson, loss: Loss | undefined): void {
    const { name } = member.board;
    const at = Date.parse(change.at);
    const promise = device.promiseMs === null ? "" : sayDuration(device.promiseMs);
    if (change.to === "present") {
      const away = loss?.absentAt ? `, after ${sayDuration(at - loss.at)} without power` : "";
      const what = change.from === "unknown" ? `promises the next beat within ${promise}` : "back";
      this.say(at, `${name} is ${this.paint("green", "present")}: ${what}${away}`);
    } else if (change.to === "late") {
      const why = loss ? "" : " (it lives: its beats were lost)";
      this.say(at, `${name} is ${this.paint("yellow", "late")}: it promised ${promise}${why}`);
    } else if (change.to === "absent") {
      this.say(at, `${name} is ${this.paint("red", "ABSENT")}: two promises in a row are broken`);
      if (loss) this.line(`       ${this.paint("bold", this.sentence(loss, device))}`);
    } else this.say(at, `${name} is ${change.to}`);
  }

  /** The whole story of a death in one line. */
  sentence(loss: Loss, { signal }: DeviceJson): string {
    const { at, lateAt, absentAt, dueAt, member } = loss;
    const broken = sayDuration(absentAt - dueAt);
    const steps = [`unplugged ${this.time(at)}`, `late ${this.time(lateAt)}`];
    steps.push(`absent ${this.time(absentAt)}`);
    const heard = signal === null ? "" : `, last signal ${signal} dBm`;
    const why = `promise broken by ${broken}; likely power${heard}`;
    return `${member.board.name} ${steps.join(" -> ")}: ${why}`;
  }

  say(at: number, text: string): void {
    this.line(`${this.time(at)}  ${text}`);
  }

  line(text: string): void {
    this.out(`${text}\n`);
  }

  time(at: number): string {
    return sayInstant(Math.max(0, at - this.startedAt), false).padStart(5, "0");
  }

  paint(colour: Colour, text: string): string {
    return this.coloured ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
  }
}

/** Tells how it ended. @param asked a dead board had to be found @returns the exit code */
export function ending(
  story: Story,
  fleet: SocketFleet,
  losses: readonly Loss[],
  falseAbsents: number,
  asked: boolean,
): number {
  story.line("");
  const rows = fleet.members.map((member) => {
    const { name, link, frames, beats, acked, lossUp, lossDown, roundTripMs } = summariseMember(
      fleet,
      member,
    );
    const counts = [frames, beats, acked].map(String);
    return [name, link, ...counts, sayShare(lossUp), sayShare(lossDown), sayMs(roundTripMs)];
  });
  const head = ["board", "link", "frames", "beats", "acked", "lost up", "lost down", "round trip"];
  for (const line of table([head, ...rows])) story.line(line);
  story.line("");
  for (const { member, at, lateAt, absentAt } of losses) {
    const { name } = member.board;
    const late = `late after ${sayDuration(lateAt - at)}`;
    const found =
      absentAt > 0 ? `${late}, absent after ${sayDuration(absentAt - at)}` : "not found";
    story.line(`  ${name} died at ${story.time(at)}: ${found}`);
  }
  const { acked } = summarise(fleet);
  story.line(`  false absents: ${falseAbsents}`);
  story.line("");
  const found = losses.length > 0 && losses.every(({ absentAt }) => absentAt > 0);
  const good = falseAbsents === 0 && acked > 0 && (found || !asked);
  if (good) nextSteps(story);
  else story.line("  This is not how it should go: the dead board must be found, and no other.");
  return good ? 0 : 1;
}

function nextSteps(story: Story): void {
  const steps = [
    ["a real gateway", "make gateway"],
    ["a real board", "npm run -s nextbeat -- device add shed-07   (then: make flash, see README)"],
    [
      "your own fleet",
      "npm run -s nextbeat -- sim fleet --gateway localhost --devices 100 --link wifi-edge",
    ],
  ];
  story.line("  Next:");
  for (const line of table(steps)) story.line(`  ${line}`);
  story.line("");
}
