/**
 * The page, put together: what the line to the gateway tells goes into one table of entries; list,
 * strip, horizon, feed and panel are painted from it, at most once a frame for news and once a
 * second for the passing of time.
 *
 * Plain modules that the browser loads as they stand: no build, no framework, nothing from
 * elsewhere. The price is that this code patches elements by hand; the gain is that what runs is
 * what is read, under `default-src 'self'`.
 *
 * @import { Entry } from "./draw.js"
 * @import { Change, Device, GatewayFacts, Link } from "./live.js"
 */

import { firstCommands } from "./affairs.js";
import { advance } from "./beats.js";
import { Choice } from "./choice.js";
import { Detail } from "./detail.js";
import { byId, put, roomy } from "./draw.js";
import { Enrol } from "./enrol.js";
import { Feed } from "./feed.js";
import { Horizon } from "./horizon.js";
import { Incidents } from "./incidents.js";
import { List } from "./list.js";
import { Line } from "./live.js";
import { Strip } from "./strip.js";
import { STATUSES } from "./words.js";

/** Of the gateway's deafness; what is older marks no cell any more. */
const DEAF_MAX = 50;
/** Spreads neighbours evenly, however many there will be. */
const GOLDEN = 0.618034;
/** Orders that beats alone upset; rows are put right so often and not at each beat. */
const RESTLESS = new Set(["due", "battery", "signal"]);
const RESTLESS_MS = 5_000;
/** Arranging takes at most about this part of the time: 1 / 20. */
const ARRANGE_SHARE = 20;
const SECOND_MS = 990;

/** @type {Map<string, Entry>} */
const fleet = new Map();
/** The view is kept in the address, so that it can be bookmarked and sent. */
const place = new URLSearchParams(location.hash.slice(1));
const chosen = place.get("status")?.split(",") ?? [];
const view = {
  text: place.get("q") ?? "",
  order: place.get("order") ?? "attention",
  site: place.get("site") ?? "",
  label: place.get("label") ?? "",
  statuses: new Set(STATUSES.filter((status) => chosen.includes(status))),
  device: place.get("device") ?? "",
};

let lanes = 0;
let arrangedAt = Number.NEGATIVE_INFINITY;
/** Order, filter or counts are no longer right; and when they may be put right again. */
let disturbed = true;
let arrangeAgainAt = 0;
let painting = false;
let tickedAt = 0;
/** The fleet was read at least once. */
let known = false;
/** In contact since the fleet was last read whole, so every beat was told. */
let told = false;
/** The gateway's instant at which contact was lost; 0 = it stands. */
let lostAt = 0;
/** Where boards find the gateway. @type {string[]} */
let boardsAt = [];
let udpPort = 7227;
/** When the gateway was deaf. @type {{ from: number, to: number }[]} */
let deafness = [];

const line = new Line({
  devices: learnDevices,
  whole: learnWhole,
  change: learnChange,
  gateway: learnGateway,
  link,
  command: learnCommand,
  deaf: learnDeaf,
});
const list = new List(byId("rows"), open, soon);
const feed = new Feed(open);
const strip = new Strip(view.statuses, search);
const detail = new Detail(turned, open);
const incidents = new Incidents((id) => fleet.get(id)?.device.name ?? id, arrangeSoon);
const choices = { site: new Choice("site", search), label: new Choice("label", search) };
new Enrol(boardsPlace);
new Horizon(byId("horizon"), fleet, instant, open);

/**
 * The instant that the page shows: the gateway's now; without contact, the last one that was heard,
 * since a countdown that ran on would tell of broken promises where only the page is deaf.
 */
function instant() {
  return lostAt === 0 ? line.now() : lostAt;
}

/** @param {GatewayFacts} facts */
function learnGateway(facts) {
  boardsAt = facts.boardsAt ?? [];
  udpPort = facts.udp?.port ?? udpPort;
  deafness = facts.deaf.filter(({ why }) => why !== "clock").map(intervalOf);
  strip.learn(facts);
}

/**
 * The count in a device's facts is right with its next beat; until then it follows what is told.
 * @param {{ id: string, state: string }} command
 */
function learnCommand(command) {
  detail.learn(command);
  const device = fleet.get(command.id)?.device;
  const step = { queued: 1, offered: 0 }[command.state] ?? -1;
  if (device) learnDevice({ ...device, waiting: Math.max(0, device.waiting + step) });
  soon();
}

/** @param {{ why: string, from: string, to: string | null }} deaf */
function learnDeaf(deaf) {
  if (deaf.why === "clock") return;
  deafness = [...deafness, intervalOf(deaf)].slice(-DEAF_MAX);
  strip.hear(deaf);
  soon();
}

/** @param {{ from: string, to: string | null }} deaf */
function intervalOf({ from, to }) {
  return { from: Date.parse(from), to: to === null ? Number.MAX_VALUE : Date.parse(to) };
}

/** As the gateway sees itself; where it has no network, as this page found it. */
function boardsPlace() {
  const [, host = location.hostname] = /^(.*):\d+$/.exec(boardsAt[0] ?? "") ?? [];
  return { host, port: udpPort };
}

/** @param {Device[]} devices */
function learnDevices(devices) {
  for (const device of devices) learnDevice(device);
  soon();
}

/** @param {Set<string>} ids */
function learnWhole(ids) {
  for (const id of fleet.keys()) if (!ids.has(id)) forget(id);
  known = true;
  told = true;
  if (view.device !== "" && detail.shown !== view.device) open(view.device);
  soon();
}

/** @param {Device} device */
function learnDevice(device) {
  const { name, id, site, labels, address, status, tseq, seenAt } = device;
  const entry = fleet.get(id);
  const before = entry?.device;
  // A list may have been written before an event that overtook it.
  if (before && (before.tseq > tseq || (before.seenAt ?? 0) > (seenAt ?? 0))) return;
  const dueAt = before?.dueAt ?? 0;
  const deaf = deafness.some(({ from, to }) => from < (seenAt ?? 0) && to > dueAt);
  const cells = advance(entry?.cells ?? [], before, device, told, deaf);
  const same = before?.name === name && before.site === site && before.address === address;
  const text =
    entry && same && before.labels === labels
      ? entry.text
      : [name, id, site, ...labels, address ?? ""].join(" ").toLowerCase();
  const next = Object.assign(entry ?? { lane: (lanes++ * GOLDEN) % 1 }, { device, cells, text });
  fleet.set(id, next);
  if (before?.status !== status || before.name !== name || before.site !== site) arrangeSoon();
  choices.site.add(site);
  for (const label of labels) choices.label.add(label);
  list.touch(next, before);
}

/**
 * A change is told at once, the facts around it with the next beat.
 * @param {Change} change
 * @param {boolean} news
 */
function learnChange(change, news) {
  const { id, tseq, to: status, cause } = change;
  const before = fleet.get(id)?.device;
  if (before && tseq > before.tseq) learnDevice({ ...before, tseq, status, cause });
  feed.add(change, fleet.get(id)?.device, news);
  detail.add(change, line.now());
  if (change.to === "absent" || change.from === "absent") incidents.soon();
  soon();
}

/** @param {Link} now */
function link(now) {
  const lost = now.kind === "lost";
  if (!lost) lostAt = 0;
  else if (lostAt === 0) lostAt = line.now();
  if (lost) told = false;
  document.body.classList.toggle("stale", lost);
  strip.turn(now);
  strip.tick(instant());
  soon();
}

/** @param {string} id */
function forget(id) {
  if (detail.shown === id) detail.close();
  fleet.delete(id);
  list.remove(id);
  arrangeSoon();
}

/** @param {string} id */
function open(id) {
  const entry = fleet.get(id);
  if (entry) detail.show(entry, instant());
}

/** The panel opened or closed for a device. @param {string} id @param {boolean} shown */
function turned(id, shown) {
  list.select(id, shown);
  view.device = shown ? id : "";
  if (!shown && !byId("detail").open) list.focus(id);
  remember();
}

function soon() {
  if (painting) return;
  painting = true;
  requestAnimationFrame(paint);
}

function arrangeSoon() {
  disturbed = true;
  soon();
}

function paint(/** @type {number} */ at) {
  painting = false;
  const now = instant();
  const ticked = at - tickedAt >= SECOND_MS;
  if (ticked) {
    tickedAt = at;
    strip.tick(now);
    incidents.tick(now);
  }
  const patience = RESTLESS.has(view.order) ? RESTLESS_MS : Number.MAX_VALUE;
  // A large fleet in a storm: what takes long is done less often, or nothing else would be.
  const due = (disturbed && at > arrangeAgainAt) || at - arrangedAt > patience;
  if (known && due) arrange(at);
  feed.paint(now);
  list.paint(now, ticked);
  detail.paint(now);
}

/** @param {number} at */
function arrange(at) {
  arrangedAt = at;
  disturbed = false;
  const begun = performance.now();
  const shown = list.arrange({ ...view, text: view.text.trim().toLowerCase() });
  const devices = [...fleet.values()].map((entry) => entry.device);
  strip.paint(devices, incidents.count);
  choices.site.paint(view.site);
  choices.label.paint(view.label);
  const of = shown === fleet.size ? "" : ` of ${fleet.size.toLocaleString()}`;
  put(byId("shown"), `${shown.toLocaleString()}${of}`);
  byId("none").hidden = shown > 0 || fleet.size === 0;
  welcome(fleet.size === 0);
  arrangeAgainAt = at + (performance.now() - begun) * ARRANGE_SHARE;
}

/** Where nobody is, only what one can do about it. @param {boolean} empty */
function welcome(empty) {
  document.body.classList.toggle("empty", empty);
  byId("welcome").hidden = !empty;
  if (empty) put(byId("welcome-how"), firstCommands(boardsPlace().port, location.origin));
}

/** The filter or the order was changed. */
function search() {
  view.text = byId("find").value;
  view.order = byId("order").value;
  view.site = choices.site.value;
  view.label = choices.label.value;
  remember();
  arrangeSoon();
}

function remember() {
  const parts = new URLSearchParams();
  if (view.text !== "") parts.set("q", view.text);
  if (view.statuses.size > 0) parts.set("status", [...view.statuses].join());
  if (view.site !== "") parts.set("site", view.site);
  if (view.label !== "") parts.set("label", view.label);
  if (view.order !== "attention") parts.set("order", view.order);
  if (view.device !== "") parts.set("device", view.device);
  const hash = parts.size > 0 ? `#${parts}` : "";
  history.replaceState(null, "", location.pathname + location.search + hash);
}

/** @param {KeyboardEvent} event */
function press(event) {
  const typing = event.target instanceof Element && event.target.matches("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    byId("find").focus();
  } else if (event.key === "Escape") detail.close();
}

byId("find").value = view.text;
byId("order").value = view.order;
for (const id of ["changes", "incidents-fold"]) byId(id).open = roomy.matches;
byId("find").addEventListener("input", search);
byId("order").addEventListener("change", search);
byId("tools").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
byId("broken-retry").addEventListener("click", () => line.start());
document.addEventListener("keydown", press);
setInterval(soon, 1_000);
line.start();
