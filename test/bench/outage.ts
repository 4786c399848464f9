// What it costs when everybody falls silent in one instant: the verdicts on a hundred thousand
// boards, their causes and incidents, and their return. Prints ms and facts.
//
//   node dist/test/bench/outage.js [boards] [sites]

import type { Effects, StoredDevice } from "../../gateway/facts.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { sha256 } from "../../gateway/sha256.ts";
import { P_MINUTE } from "../gateway/gateway-rig.ts";
import { ROUTE } from "../incidents/rig.ts";

/** CPU time, all threads: what else the machine does is not in it. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** A board that was heard at 0, one of 30 behind its router, or with an address of its own. */
function stored(n: number, sites: number): StoredDevice {
  const key = sha256(`outage ${n}`).slice(0, 16);
  const site = sites === 0 ? "" : `site${n % sites}`;
  const address = `198.${n >> 16}.${(n >> 8) & 255}.${sites === 0 ? n & 255 : 1}`;
  return {
    enrolment: { id: n, name: `board-${n}`, site, labels: [], suite: 2, key },
    ...{ issued: 1, epoch: 1, status: "present", cause: "first-beat", tseq: 1 },
    beat: {
      ...{ kind: "beat", id: n, epoch: 1, seq: 1, tag: key.slice(8), promise: P_MINUTE },
      ...{ vitals: 0xf5, reach: 2, ext: "", at: 0, transport: "udp", address, port: 7 },
    },
  };
}

function* fleet(count: number, sites: number): IterableIterator<StoredDevice> {
  for (let n = 1; n <= count; n++) yield stored(n, sites);
}

/** Everything that is due, at its instant. @returns ms of the slowest call, and all facts */
function wake(core: Gateway, until: number): Map<string, number> {
  const found = new Map<string, number>();
  const add = (name: string, n: number): void => void found.set(name, (found.get(name) ?? 0) + n);
  while (core.wakeAt <= until) {
    const before = cpuMs();
    const at = core.wakeAt;
    const effects: Effects = core.expire(at);
    const ms = cpuMs() - before;
    add("ms", ms);
    found.set("slowest ms", Math.max(found.get("slowest ms") ?? 0, ms));
    for (const { kind } of effects.commit) add(`${kind} facts`, 1);
    if (effects.ticket > 0) core.committed(effects.ticket, at);
  }
  return found;
}

const count = Number(process.argv[2] ?? 100_000);
for (const sites of process.argv[3] === undefined
  ? [0, 1, 1_000, count]
  : [Number(process.argv[3])]) {
  const options = { generation: 1, secret: "a secret of twenty b", sha256, unixSeconds: () => 0 };
  const core = new Gateway({ ...options, stoppedMs: 0, routes: [ROUTE] }, fleet(count, sites), 1);
  for (const [name, until] of [
    ["late", 70_000],
    ["absent", 1e7],
  ] as const) {
    const found = [...wake(core, until)].map(([what, n]) => `${what} ${Math.round(n)}`);
    console.log(`${count} boards, ${sites} sites, ${name}: ${found.join(", ")}`);
  }
  const [first] = core.requests.incidents();
  console.log(`  incidents ${core.requests.incidents().length}: ${first?.cause} ${first?.scope}`);
}
