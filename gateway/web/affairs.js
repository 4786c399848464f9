/**
 * What the dashboard says of incidents, commands, silences that were asked for, and a board to be
 * flashed: plain functions from facts to words, as words.js has them for devices.
 *
 * @typedef {object} Incident as the gateway's API has it
 * @property {number} n
 * @property {string} cause
 * @property {string} scope
 * @property {string} openedAt
 * @property {string | null} ackedAt
 * @property {string[]} members
 * @property {number} joined
 * @property {number} away
 * @typedef {object} Command as the gateway's API has it
 * @property {number} n
 * @property {string | null} payload
 * @property {string} payloadHex
 * @property {string} state
 * @property {string} queuedAt
 * @property {string | null} doneAt
 * @property {string | null} result
 * @property {string | null} resultHex
 * @property {string | null} forecastAt
 * @typedef {{ target: string, kind: "mute" | "maintenance", untilAt: string | null }} Quiet
 */

import { clock, untilWords } from "./words.js";

const WAITING = new Set(["queued", "offered"]);

/** "3 silent, 1 cause." @param {number} silent devices @param {number} causes incidents */
export function causesSentence(silent, causes) {
  if (silent < 2 || causes === 0) return "";
  return `${silent} silent, ${causes} ${causes === 1 ? "cause" : "causes"}.`;
}

/** Whom it is about. @param {Incident} incident @param {(id: string) => string} nameOf */
export function scopeWords({ scope, members, joined }, nameOf) {
  const [kind, what = ""] = scope.split(/:(.*)/s);
  if (kind === "device") return nameOf(what);
  const many = `${joined} ${joined === 1 ? "device" : "devices"}`;
  if (kind === "site") return `${many} at ${what}`;
  if (kind === "address") return `${many} behind ${what}`;
  if (kind === "broker") return `${many} on the broker`;
  if (kind === "gateway") return "the gateway itself";
  return members.length === 1 ? nameOf(members[0] ?? "") : many;
}

/** What stands behind a command. @param {Command} command @param {number} now */
export function stateWords(command, now) {
  const { state, forecastAt, result, resultHex, doneAt } = command;
  if (WAITING.has(state)) {
    const at = forecastAt === null ? null : Date.parse(forecastAt);
    const when =
      at === null ? "" : at > now ? `, likely in ${untilWords(at - now)}` : ", any moment";
    return `${state === "queued" ? "waits" : "sent, not answered yet"}${when}`;
  }
  const answer = result ?? (resultHex ? `0x${resultHex}` : "");
  const when = doneAt === null ? "" : `, ${clock(Date.parse(doneAt), now)}`;
  return `${state}${answer === "" ? "" : `: ${answer}`}${when}`;
}

/** @param {Quiet | undefined} quiet @param {number} now */
export function quietWords(quiet, now) {
  if (quiet === undefined) return "People are told when it falls silent.";
  const until = quiet.untilAt === null ? "" : ` until ${clock(Date.parse(quiet.untilAt), now)}`;
  const what = quiet.kind === "mute" ? "Muted" : "Under maintenance";
  return `${what}${until}: nobody is told.`;
}

/**
 * @param {{ name: string, board: string, reach: string, interval: string, ssid: string }} wish
 * @param {string} host of the gateway, as a board finds it
 * @param {number} port
 */
export function flashCommand({ name, board, reach, interval, ssid }, host, port) {
  const words = ["nextbeat", "flash", quoted(name)];
  words.push("--port", board === "linux" ? "tcp://127.0.0.1:2323" : "/dev/ttyUSB0");
  words.push("--gateway", port === 7227 ? host : `${host}:${port}`, "--board", board);
  words.push("--interval", interval, "--reach", reach);
  if (board !== "linux")
    words.push("--wifi", quoted(ssid || "SSID"), "--wifi-pass-file", "pass.txt");
  return words.join(" ");
}

/**
 * What fills an empty gateway, from a terminal on its machine.
 * @param {number} port where boards find it @param {string} url of this page
 */
export function firstCommands(port, url) {
  const here = url === "http://127.0.0.1:8227" ? "" : ` --url ${url}`;
  const boards = "--devices 12 --link wifi-good --interval 10s";
  return (
    `nextbeat device add shed-07${here}\n` +
    `nextbeat sim fleet --gateway 127.0.0.1:${port} ${boards}${here}`
  );
}

/** As a shell takes it. @param {string} word */
function quoted(word) {
  return /^[\w.@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
