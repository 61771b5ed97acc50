import { afterEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { Person } from "../harness/person.ts";
import { Campus, host4, type Mode } from "./campus.ts";
import type { Talked } from "./talker.ts";

/**
 * A client with a bandwidth cap, while it downloads and uploads: how much of the cap is used, and what happens to DNS,
 * calls and new connections. `SAG_SOAK` makes it all cells of the table, each for ten seconds.
 */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

interface Cell {
  streams: number;
  direction: "down" | "up";
}

const long = process.env.SAG_SOAK !== undefined;
const node = at("node_modules/.bin/node");
const seconds = long ? 10 : 3;
const all: Cell[] = [1, 8].flatMap((streams) => [
  { streams, direction: "down" },
  { streams, direction: "up" },
]);
/** The cells by cap, Kbit/s. 2,000 is the default of accounts. */
const whole: Record<number, Cell[]> = { 2000: all, 20000: all, 200000: all };
const few: Record<Mode, Record<number, Cell[]>> = {
  userspace: { 2000: [{ streams: 8, direction: "down" }] },
  routed: { 20000: [{ streams: 1, direction: "up" }] },
  nat: { 2000: [{ streams: 1, direction: "down" }] },
};

/** IP and TCP headers with timestamps: what a full packet of an MTU of 1420 has besides its payload. */
const full = 1_420;
const headers = 52;
/** The datagrams as IP packets, bits. */
const datagrams = 150 * 228 * 8;

describe.each<Mode>(["userspace", "routed", "nat"])("through %s access points", (mode) => {
  it("a transfer uses the cap and delays neither DNS nor calls nor new connections", async (context) => {
    needsRoot(context);
    needsProgram(context, "ip", "ping");
    const one = new Campus();
    campus = one;
    await one.start(mode);
    await one.processes.start({
      name: "flooded",
      command: one.machines.on("hosts", [node, at("test/system/flooded.ts"), host4]),
    });
    const talk = async (who: Person, ...args: string[]): Promise<Talked> => {
      const done = await who.run([node, at("test/system/talker.ts"), host4, ...args]);
      return JSON.parse(done.stdout || "{}");
    };
    await one.anna.connect("--mode", "system");
    for (const size of ["1400", "4000"]) {
      expect(await one.anna.run(["ping", "-c1", "-W2", "-s", size, host4]), `a ping of ${size}`).toMatchObject({
        code: 0,
      });
    }
    const count = 1_200;
    const idle = await talk(one.anna, "none", "0", "4", `${count}`);
    expect(idle).toMatchObject({ datagrams: 150, questions: count });
    await one.anna.disconnect();
    await one.site.sagctl(["quota", "set", "bandwidth-per-user", "1000000"]);
    for (const [key, cells] of Object.entries(long ? whole : few[mode])) {
      const cap = Number(key);
      const name = `capped.${cap}`;
      const password = await one.site.createAccount(name, cap);
      const env = { ...one.workspace.home(name), SAG_SERVICE_DIR: one.run };
      const person = new Person(env, (args) => one.machines.on("client", args));
      await person.signIn(one.link, name, password);
      await person.connect("--mode", "system");
      for (const { streams, direction } of cells) {
        const talked = await talk(person, direction, `${streams}`, `${seconds}`, "50");
        check(idle, talked, cap, `${mode}, ${cap} Kbit/s, ${direction}, ${streams} streams`);
      }
      await person.disconnect();
    }
  }, 600_000);
});

function check(idle: Talked, loaded: Talked, cap: number, cell: string): void {
  const { rates } = loaded;
  const payload = rates.reduce((sum, rate) => sum + rate, 0);
  const used = ((payload * full) / (full - headers) + datagrams / seconds) / (cap * 1_000);
  const later = (kind: "datagram" | "question" | "connection"): number =>
    loaded[kind][long ? "p95" : "median"] - idle[kind].median;
  const fairness = payload ** 2 / (rates.length * rates.reduce((sum, rate) => sum + rate ** 2, 0));
  console.log(
    `${cell}: ${used.toFixed(3)} of the cap, datagrams ${loaded.datagrams}/150 +${later("datagram").toFixed(1)} ms, ` +
      `names ${loaded.questions}/50 +${later("question").toFixed(1)} ms (at most ${loaded.question.most} ms), ` +
      `connections +${later("connection").toFixed(1)} ms, fairness ${fairness.toFixed(3)}`,
  );
  // A short measurement depends more on what else the host does.
  expect.soft(used, `${cell}: the part of the cap that is used`).toBeGreaterThan(long ? 0.9 : 0.85);
  expect.soft(used, `${cell}: the part of the cap that is used`).toBeLessThan(long ? 1.02 : 1.05);
  expect.soft(loaded, cell).toMatchObject({ datagrams: 150, questions: 50 });
  expect.soft(loaded.question.most - idle.question.median, `${cell}: names`).toBeLessThan(300);
  const most = cap < 20_000 ? 100 : 20;
  for (const kind of ["datagram", "question", "connection"] as const) {
    expect.soft(later(kind), `${cell}: how much later is a ${kind}`).toBeLessThan(most);
  }
  if (rates.length > 1) expect.soft(fairness, `${cell}: fairness`).toBeGreaterThan(0.9);
}
