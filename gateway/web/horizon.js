/**
 * The horizon: the one picture of the whole fleet. Time runs to the right; each device is a mark
 * that drifts towards "now" and leaps back when its next beat arrives. What crosses the line is
 * overdue. A herd, a sleeper, a broken promise are seen before a word is read. It repeats what
 * counts and list say in words, and so is hidden from screen readers.
 *
 * A canvas, since thousands of moving elements would be laid out and composited each for itself.
 * Both halves of the axis are logarithmic beyond a second, so that 2 s and 2 h find room on one
 * line.
 *
 * @import { Entry } from "./draw.js"
 * @import { Status } from "./live.js"
 * @typedef {{ id: string, name: string, status: Status, x: number, y: number }} Mark
 */

import { calm } from "./draw.js";

const FRAME_MIN_MS = 80;
const FRAME_MAX_MS = 1_000;
/** A crowd is read as a whole; it need not glide. */
const FRAME_MS_A_DEVICE = 1 / 8;
/** From here on marks overlap, and are drawn thinner. */
const CROWD = 400;

/** @type {[number, string][]} */
const STEPS = [
  [10, "10 s"],
  [30, "30 s"],
  [60, "1 min"],
  [300, "5 min"],
  [900, "15 min"],
  [3_600, "1 h"],
  [21_600, "6 h"],
  [86_400, "1 d"],
  [604_800, "7 d"],
  [5_184_000, "60 d"],
];
const PAST_PART = 0.2;
/** What is overdue for longer stands at the edge, in seconds. */
const PAST_MAX = 3_600;
/** More names than this would hide each other; narrower than this there is no room for any. */
const NAMES_MAX = 4;
const NAMES_PX = 600;
const NEAR_PX = 14;
const FOOT_PX = 18;
const EDGE_PX = 12;
const LABEL_PX = 52;
const INKS = /** @type {const} */ ([
  "present",
  "late",
  "absent",
  "ink",
  "quiet",
  "line",
  "ground",
  "hover",
]);

/**
 * The first step of the axis that holds so many seconds.
 * @param {number} seconds
 * @returns {[number, string]}
 */
function stepFor(seconds) {
  return STEPS.find(([step]) => step >= seconds) ?? [5_184_000, "60 d"];
}

/** 0..1 along a half of the axis. @param {number} s @param {number} range both in seconds */
function along(s, range) {
  return Math.log1p(Math.min(Math.max(s, 0), range)) / Math.log1p(range);
}

export class Horizon {
  #canvas;
  #fleet;
  #clock;
  #brush;
  /**
   * The disc of those present, drawn once: to stamp it is several times cheaper than to fill an
   * arc.
   */
  #stamp = document.createElement("canvas");
  #stamped = "";
  /** @type {Record<typeof INKS[number], string>} */
  #ink = Object.create(null);
  #font = "";
  #width = 0;
  #height = 0;
  #visible = true;
  #hovered = "";
  /** @type {Mark[]} */
  #marks = [];

  /**
   * @param {HTMLCanvasElement} canvas @param {Map<string, Entry>} fleet
   * @param {() => number} clock the gateway's @param {(id: string) => void} open a mark was chosen
   */
  constructor(canvas, fleet, clock, open) {
    this.#canvas = canvas;
    this.#fleet = fleet;
    this.#clock = clock;
    this.#brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    canvas.addEventListener("pointermove", (event) => this.#hover(this.#nearest(event)));
    canvas.addEventListener("pointerleave", () => this.#hover(""));
    canvas.addEventListener("click", (event) => {
      const id = this.#nearest(event);
      if (id !== "") open(id);
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#readInk());
    new ResizeObserver(() => this.#resize()).observe(canvas);
    new IntersectionObserver(([seen]) => {
      this.#visible = seen?.isIntersecting ?? true;
    }).observe(canvas);
    this.#readInk();
    this.#frame();
  }

  #frame() {
    if (this.#visible && this.#width > 0) this.#draw(this.#clock());
    const crowd = this.#fleet.size * FRAME_MS_A_DEVICE;
    const wait = calm.matches
      ? FRAME_MAX_MS
      : Math.max(FRAME_MIN_MS, Math.min(crowd, FRAME_MAX_MS));
    setTimeout(() => requestAnimationFrame(() => this.#frame()), wait);
  }

  #readInk() {
    const style = getComputedStyle(this.#canvas);
    for (const name of INKS) this.#ink[name] = style.getPropertyValue(`--${name}`).trim();
    this.#font = `${style.fontSize} ${style.fontFamily}`;
  }

  #resize() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    this.#width = width;
    this.#height = height;
    this.#canvas.width = Math.round(width * devicePixelRatio);
    this.#canvas.height = Math.round(height * devicePixelRatio);
  }

  /** @param {string} id */
  #hover(id) {
    this.#hovered = id;
    this.#canvas.classList.toggle("on-mark", id !== "");
  }

  /** @param {MouseEvent} event */
  #nearest({ offsetX, offsetY }) {
    let found = "";
    let best = NEAR_PX;
    for (const { id, x, y } of this.#marks) {
      const far = Math.hypot(offsetX - x, offsetY - y);
      if (far < best) [found, best] = [id, far];
    }
    return found;
  }

  /** @param {number} now */
  #draw(now) {
    const brush = this.#brush;
    brush.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    brush.clearRect(0, 0, this.#width, this.#height);
    brush.font = this.#font;
    const crowd = this.#fleet.size / this.#width;
    const r = crowd > 2 ? 1.5 : crowd > 0.4 ? 2 : crowd > 0.06 ? 3 : 4.5;
    this.#cutStamp(r);
    this.#place(now);
    for (const mark of this.#marks) this.#drawMark(mark, r);
    brush.globalAlpha = 1;
    const silent = this.#marks.filter((mark) => mark.status !== "present");
    const few = silent.length <= NAMES_MAX && this.#width > NAMES_PX;
    if (few) for (const mark of silent) this.#drawName(mark);
    const hovered = this.#marks.find((mark) => mark.id === this.#hovered);
    if (hovered) this.#drawName(hovered);
  }

  /** Where every mark stands, and the axis that they share. @param {number} now */
  #place(now) {
    const owing = [];
    let ahead = 10;
    let behind = 10;
    for (const { device, lane } of this.#fleet.values()) {
      if (device.dueAt === null || device.status === "left") continue;
      const s = (device.dueAt - now) / 1000;
      owing.push({ device, lane, s });
      ahead = Math.max(ahead, (device.promiseMs ?? 0) / 1000, s);
      behind = Math.max(behind, -s);
    }
    const [future] = stepFor(ahead);
    const [past, pastWords] = stepFor(Math.min(behind, PAST_MAX));
    const line = Math.round(this.#width * PAST_PART);
    const right = this.#width - line - EDGE_PX;
    const tall = this.#height - FOOT_PX - 16;
    this.#drawAxis(future, pastWords, line);
    this.#marks = owing.map(({ device: { id, name, status }, lane, s }) => {
      const x = s >= 0 ? along(s, future) * right : -along(-s, past) * (line - 8);
      return { id, name, status, x: line + x, y: 8 + lane * tall };
    });
  }

  /** @param {number} future seconds @param {string} pastWords @param {number} line x of now */
  #drawAxis(future, pastWords, line) {
    const brush = this.#brush;
    const base = this.#height - FOOT_PX;
    const foot = this.#height - 3;
    brush.fillStyle = this.#ink.hover;
    brush.fillRect(0, 0, line, base);
    brush.fillStyle = this.#ink.quiet;
    brush.textBaseline = "alphabetic";
    brush.textAlign = "left";
    brush.fillText(this.#width > NAMES_PX ? `${pastWords} overdue` : `−${pastWords}`, 0, foot);
    let last = line;
    for (const [step, words] of STEPS) {
      const x = line + along(step, future) * (this.#width - line - EDGE_PX);
      if (step > future || x - last < LABEL_PX) continue;
      last = x;
      this.#drawUpright(x, this.#ink.line, [1, 5]);
      brush.textAlign = x > this.#width - LABEL_PX / 2 ? "right" : "center";
      brush.fillText(`in ${words}`, brush.textAlign === "right" ? this.#width : x, foot);
    }
    this.#drawUpright(line, this.#ink.ink, []);
    brush.fillStyle = this.#ink.ink;
    brush.textAlign = "center";
    brush.fillText("now", line, foot);
  }

  /** @param {number} x @param {string} ink @param {number[]} dash */
  #drawUpright(x, ink, dash) {
    const brush = this.#brush;
    brush.strokeStyle = ink;
    brush.lineWidth = 1;
    brush.setLineDash(dash);
    brush.beginPath();
    brush.moveTo(Math.round(x) + 0.5, 0);
    brush.lineTo(Math.round(x) + 0.5, this.#height - FOOT_PX);
    brush.stroke();
    brush.setLineDash([]);
  }

  /** @param {number} r */
  #cutStamp(r) {
    const key = `${r} ${this.#ink.present} ${devicePixelRatio}`;
    if (this.#stamped === key) return;
    this.#stamped = key;
    const side = Math.ceil((2 * r + 2) * devicePixelRatio);
    this.#stamp.width = this.#stamp.height = side;
    const pen = /** @type {CanvasRenderingContext2D} */ (this.#stamp.getContext("2d"));
    pen.fillStyle = this.#ink.present;
    pen.arc(side / 2, side / 2, r * devicePixelRatio, 0, 7);
    pen.fill();
  }

  /** The same shapes as in the list. @param {Mark} mark @param {number} r */
  #drawMark({ status, x, y }, r) {
    const brush = this.#brush;
    if (status !== "absent" && status !== "late") {
      const side = this.#stamp.width / devicePixelRatio;
      brush.globalAlpha = this.#fleet.size > CROWD ? 0.6 : 0.85;
      brush.drawImage(this.#stamp, x - side / 2, y - side / 2, side, side);
      return;
    }
    const s = Math.max(r, 3.5);
    brush.globalAlpha = 1;
    brush.fillStyle = brush.strokeStyle = this.#ink[status];
    brush.beginPath();
    if (status === "absent") {
      brush.lineWidth = s * 0.55;
      brush.moveTo(x - s, y - s);
      brush.lineTo(x + s, y + s);
      brush.moveTo(x + s, y - s);
      brush.lineTo(x - s, y + s);
      brush.stroke();
    } else {
      brush.moveTo(x, y - s * 1.2);
      brush.lineTo(x + s * 1.2, y + s);
      brush.lineTo(x - s * 1.2, y + s);
      brush.fill();
    }
  }

  /** A name beside its mark, on the side with room. @param {Mark} mark */
  #drawName({ name, x, y }) {
    const brush = this.#brush;
    const text = name.length > 24 ? `${name.slice(0, 23)}…` : name;
    const left = x + brush.measureText(text).width + 12 > this.#width;
    brush.textAlign = left ? "right" : "left";
    brush.textBaseline = "middle";
    brush.lineWidth = 4;
    brush.lineJoin = "round";
    brush.strokeStyle = this.#ink.ground;
    brush.strokeText(text, left ? x - 9 : x + 9, y + 0.5);
    brush.fillStyle = this.#ink.ink;
    brush.fillText(text, left ? x - 9 : x + 9, y + 0.5);
  }
}
