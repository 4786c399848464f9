/**
 * Everything that the dashboard says, as plain functions from facts to words: durations, clock
 * times, causes, the sentence about one device and the one about the fleet.
 *
 * Why apart: words are what a person decides by at three in the morning, so they stand in one place
 * and are tested without a browser. Building them where they are drawn lost: list, panel and feed
 * soon said three different things. Nothing here touches the page; who shows a text sets it as
 * `textContent`.
 *
 * @import { Change, Device, Status } from "./live.js"
 */

/**
 * Worst first: the order of attention in the list, the counts and the sentence.
 * @type {readonly Status[]}
 */
export const STATUSES = ["absent", "late", "present", "left", "unknown"];

/** @type {Record<Status, string>} */
const STATUS_GLOSS = {
  absent: "broke its promise",
  late: "overdue, within grace",
  present: "keeps its promise",
  left: "said goodbye",
  unknown: "never heard",
};

/** @type {Record<string, string>} */
const CAUSE_WORDS = {
  returned: "came back",
  "first-beat": "first beat",
  left: "said goodbye",
  "promise-broken": "promise broken",
  battery: "likely the battery",
  "weak-signal": "likely a weak signal",
  "reset-loop": "restarts again and again",
  site: "its whole site is silent",
  "gateway-deaf": "the gateway could not hear",
  broker: "the broker was away",
  clock: "the clock was wrong",
  nat: "its address mapping ended",
  refused: "heard, but refused",
  clash: "two boards, one identity",
  removed: "removed",
};

const REACH_WORDS = ["awake", "light sleep", "deep sleep"];
const SUITE_WORDS = ["crc16 (no security)", "hmac-sha256-64", "chaskey12-64"];

/** @param {Status} status */
export function statusGloss(status) {
  return STATUS_GLOSS[status] ?? status;
}

/** A cause that this page does not know yet is shown as it came. @param {string | null} cause */
export function causeWords(cause) {
  return cause === null ? "" : (CAUSE_WORDS[cause] ?? cause);
}

/** @param {number | null} reach */
export function reachWords(reach) {
  return reach === null ? "unknown" : (REACH_WORDS[reach] ?? `class ${reach}`);
}

/** @param {number} suite */
export function suiteWords(suite) {
  return SUITE_WORDS[suite] === undefined ? `${suite}` : `${suite}, ${SUITE_WORDS[suite]}`;
}

/** A number stays on the line of its unit. @param {number | string} n @param {string} unit */
function of(n, unit) {
  return `${n}\u00a0${unit}`;
}

/**
 * A duration, rounded down: "7 s", "1 min 30 s", "2 h 5 min", "3 d". Below a second: "0 s".
 * @param {number} ms @param {1 | 2} units at most so many
 */
export function span(ms, units = 2) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return of(s, "s");
  /** @type {[number, number, string, string]} */
  const [n, per, big, small] =
    s < 3600
      ? [s, 60, "min", "s"]
      : s < 86_400
        ? [Math.floor(s / 60), 60, "h", "min"]
        : [Math.floor(s / 3600), 24, "d", "h"];
  const rest = n % per;
  const first = of(Math.floor(n / per), big);
  return units === 1 || rest === 0 ? first : `${first} ${of(rest, small)}`;
}

/** What is left of a duration, rounded up, so that a countdown ends at 0. @param {number} ms */
export function untilWords(ms) {
  return span(ms + 999);
}

/**
 * A promise, in the unit that a person would name: "5.2 s", "61 s", "15 min", "1.1 h".
 * @param {number} ms
 */
export function roughly(ms) {
  if (ms < 9_950) return of((ms / 1000).toFixed(1), "s");
  if (ms < 120_000) return of(Math.round(ms / 1000), "s");
  /** @type {[number, string]} */
  const [unit, name] =
    ms < 7_200_000 ? [60_000, "min"] : ms < 172_800_000 ? [3_600_000, "h"] : [86_400_000, "d"];
  return of((ms / unit).toFixed(1).replace(/\.0$/, ""), name);
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/**
 * The time of day where the reader is; with the date when that is not the day of `now`.
 * @param {number} at
 * @param {number} now
 */
export function clock(at, now) {
  const same = new Date(at).toDateString() === new Date(now).toDateString();
  return same ? CLOCK.format(at) : `${DAY.format(at)}, ${CLOCK.format(at)}`;
}

/**
 * What stands in the "next due" column.
 * @param {Device} device
 * @param {number} now ms, the gateway's clock
 */
export function dueWords(device, now) {
  if (device.status === "left") return "not expected";
  if (device.dueAt === null) return "no promise yet";
  const left = device.dueAt - now;
  if (left > 0) return `in ${untilWords(left)}`;
  if (device.status === "present") return "any moment";
  return `${span(-left, 1)} overdue`;
}

/** @param {Device} device */
export function batteryWords(device) {
  if (device.battery === "external") return "mains";
  return device.battery === null ? "–" : of(device.battery, "%");
}

/** @param {number | null} part of 1 @param {number} digits */
export function shareWords(part, digits = 0) {
  if (part === null) return "–";
  // Rounded down, so that 100 % is all of it; what is lost is rounded up.
  const n = Math.floor(part * 100 * 10 ** digits) / 10 ** digits;
  return of(n.toFixed(digits), "%");
}

/** @param {Device} device */
export function signalWords(device) {
  return device.signal === null ? "–" : of(String(device.signal).replace("-", "−"), "dBm");
}

/**
 * 0 (nothing) to 4 bars, by the steps of the protocol's vitals: -82, -74, -66 and -58 dBm.
 * @param {number | null} dBm
 */
export function signalBars(dBm) {
  return dBm === null ? 0 : [-82, -74, -66, -58].filter((step) => dBm >= step).length;
}

/** One sentence, or two, about one device. @param {Device} device @param {number} now */
export function deviceSentence(device, now) {
  const { status, seenAt, dueAt, deadlineAt, cause } = device;
  if (seenAt === null) return "Enrolled, and never heard so far.";
  const heard = `Last heard ${span(now - seenAt)} ago.`;
  if (status === "left") return `Said goodbye; nothing is expected. ${heard}`;
  if (dueAt === null) return heard;
  if (status === "present") {
    const when = dueAt > now ? `within ${untilWords(dueAt - now)}` : "any moment now";
    return `${heard} The next beat is promised ${when}.`;
  }
  if (status === "late") {
    const grace = deadlineAt === null ? 0 : deadlineAt - now;
    const next = grace > 0 ? ` Absent in ${untilWords(grace)}, unless it is heard.` : "";
    return `Late by ${span(now - dueAt)}.${next} ${heard}`;
  }
  const why = cause === "promise-broken" ? "" : `; ${causeWords(cause)}`;
  return `Absent: it should have been heard ${span(now - dueAt)} ago${why}. ${heard}`;
}

/** The headline. @param {Record<Status, number>} counts */
export function fleetSentence(counts) {
  const total = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  const owing = counts.present + counts.late + counts.absent;
  if (total === 0) return "No device is enrolled yet.";
  if (owing === 0) return "No device has made a promise yet.";
  if (counts.present === owing) {
    return owing === 1
      ? "The one device keeps its promise."
      : `All ${owing.toLocaleString()} keep their promise.`;
  }
  if (counts.present === 0) return owing === 1 ? "The one device is silent." : "All are silent.";
  return `${counts.present.toLocaleString()} of ${owing.toLocaleString()} keep their promise.`;
}

const SORTED_MAX = 500;

/**
 * The line under the headline: who needs attention, by name while they are few.
 * @param {Iterable<Device>} devices @param {number} namesMax
 */
export function attentionSentence(devices, namesMax = 3) {
  const names = /** @type {Record<string, string[]>} */ ({ absent: [], late: [] });
  for (const device of devices) names[device.status]?.push(device.name);
  const parts = [];
  for (const status of ["absent", "late"]) {
    const found = names[status] ?? [];
    if (found.length === 0) continue;
    const more = found.length > namesMax ? ` and ${found.length - namesMax} more` : "";
    // In a storm, sorting thousands of names as people do would be felt; any few of them will do.
    const shown = found.slice(0, SORTED_MAX).sort(byName).slice(0, namesMax);
    parts.push(`${status}: ${shown.join(", ")}${more}`);
  }
  const text = parts.join("; ");
  return text === "" ? "" : `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

const NAMES = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** "shed-2" before "shed-10". @param {string} a @param {string} b */
export function byName(a, b) {
  return NAMES.compare(a, b);
}

/**
 * The words of a change after the name.
 * @param {Change} change
 * @param {Device | undefined} device
 */
export function changeWords(change, device) {
  const due = device?.dueAt ?? null;
  const silent = change.to === "absent" && device?.status === "absent" && due !== null;
  const over = silent && change.at > due ? `, ${span(change.at - due)} overdue` : "";
  return `${causeWords(change.cause)}${over}`;
}
