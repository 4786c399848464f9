/**
 * What else might explain a silence, looked at one by one: each is either ruled out, with the
 * number that rules it out, or told as something that is there.
 */

import { span } from "../durations.ts";
import type { Present } from "../explain.ts";
import { bare, type Tell } from "./words.ts";

export interface Check {
  /** Ruled out. */
  readonly out: boolean;
  readonly text: string;
}

/** At or below it a battery, in per cent, or a signal, in dBm, may silence a device. */
const BATTERY_LOW = 30;
const SIGNAL_WEAK = -82;

export function checksOf(it: Present, tell: Tell): Check[] {
  if (it.view.status === "left") return [];
  const heard = it.view.seenAt !== null;
  return [
    ...(heard ? [...hearing(it, tell), ...site(it), ...signal(it), ...battery(it)] : []),
    refused(it, tell),
    ...(heard ? [clash(it, tell)] : []),
  ];
}

function hearing({ deaf, now }: Present, tell: Tell): Check[] {
  if (deaf.length === 0) {
    return [
      { out: true, text: "Our own deafness: we could hear all the time since its last beat." },
    ];
  }
  return deaf.map(({ why, fromAt, toAt }) => {
    const until = toAt === null ? "" : ` until ${bare(tell(toAt))}`;
    const lasted = span((toAt ?? now) - fromAt);
    const text = `We could not hear (${why}) from ${bare(tell(fromAt))}${until}, ${lasted}`;
    return { out: false, text: `${text}: that is no silence of its own.` };
  });
}

function site({ neighbours, view }: Present): Check[] {
  const { devices, here } = neighbours;
  if (devices === 0) return [];
  if (devices === 1) {
    const one = `the only other device there ${here === 1 ? "is" : "is not"} present.`;
    return [{ out: here === 1, text: `Its site ${view.site}: ${one}` }];
  }
  const are = here === 1 ? "is" : "are";
  const others = `${here} of the ${devices} other devices there ${are} present.`;
  const out = here * 2 >= devices;
  return [{ out, text: out ? `Its site ${view.site}: ${others}` : `At its site only ${others}` }];
}

function signal({ view }: Present): Check[] {
  if (view.signal === null) return [];
  const text = `its last beat said ${view.signal} dBm.`;
  return view.signal > SIGNAL_WEAK
    ? [{ out: true, text: `A weak signal: ${text}` }]
    : [{ out: false, text: `Its signal is weak: ${text}` }];
}

function battery({ view }: Present): Check[] {
  if (view.battery === null) return [];
  if (view.battery === "external") {
    return [{ out: true, text: "Its battery: it has external power." }];
  }
  const text = `its last beat said ${view.battery} %.`;
  return view.battery > BATTERY_LOW
    ? [{ out: true, text: `An empty battery: ${text}` }]
    : [{ out: false, text: `Its battery is low: ${text}` }];
}

function refused({ hints }: Present, tell: Tell): Check {
  const newest = hints.at(-1);
  if (newest === undefined) {
    return { out: true, text: "A wrong key: no frame in its name was refused lately." };
  }
  const count = hints.reduce((sum, hint) => sum + hint.count, 0);
  const frames = `${count} ${count === 1 ? "frame" : "frames"} in its name`;
  const last = `the last ${tell(newest.at)} from ${newest.address} (${newest.reason})`;
  return { out: false, text: `Refused: ${frames}, ${last}.` };
}

function clash({ view }: Present, tell: Tell): Check {
  if (view.clashes === 0 || view.clashAt === null) {
    return { out: true, text: "Two boards with one identity: no beat of it met another's number." };
  }
  const beats = `${view.clashes} ${view.clashes === 1 ? "beat" : "beats"}`;
  const met = `${beats} met another's number, the last ${tell(view.clashAt)}`;
  return { out: false, text: `${met}: two boards with one identity, or an old image.` };
}
