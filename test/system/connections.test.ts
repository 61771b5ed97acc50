import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { uncapped } from "../harness/site.ts";
import { Campus, host4, type Mode } from "./campus.ts";
import type { Connected } from "./connector.ts";
import { type Ending, endings, portsOfEnding } from "./endings.ts";

/**
 * Thousands of connections through the proxy, one after the other and many at once, closed by either end: none fails, none is
 * late, and nothing of them is kept. `SAG_SOAK` makes it 100,000 each; SAG_CONNECTIONS says another number.
 */
const long = process.env.SAG_SOAK !== undefined;
const total = long ? Number(process.env.SAG_CONNECTIONS ?? 100_000) : 500;
const crowds = [1, 16, 64];
/** Before memory is looked at: the stacks keep some thousand ended connections for a minute, and no more. */
const warmUp = long ? 10_000 : 500;
/** A host has some 28,000 ports per minute towards one port of another, whoever forwards. */
const ports = long ? portsOfEnding : 1;

/** MB that may come on top once the first connections have been made. */
const growth = 40;

let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

const memory = (pid: number): number => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024);
};

describe.each<Mode>(["userspace", "routed", "nat"])("through %s access points", (mode) => {
  it(
    "connections that follow each other do not hinder each other",
    async (context) => {
      needsRoot(context);
      needsProgram(context, "ip");
      const one = new Campus();
      campus = one;
      await one.start(mode, undefined, uncapped);
      const node = at("node_modules/.bin/node");
      await one.processes.start({
        name: "closer",
        command: one.machines.on("hosts", [node, at("test/system/closer.ts")]),
      });
      const { socks, pid } = await one.anna.connect("--mode", "proxy");
      const connect = async (ending: Ending, count: number, atOnce: number): Promise<Connected> => {
        const args = [`${socks}`, host4, ending, `${count}`, `${atOnce}`, `${ports}`];
        const done = await one.anna.run([node, at("test/system/connector.ts"), ...args], { limit: 1_800_000 });
        return JSON.parse(done.stdout);
      };
      const { inUse } = await one.active();
      const sizes = (): number[] => [memory(Number(pid)), memory(inUse.ready.pid)];
      for (const ending of endings) await connect(ending, warmUp, 64);
      const before = sizes();
      for (const atOnce of crowds) {
        for (const ending of endings) {
          const seen = await connect(ending, total, atOnce);
          if (long)
            console.log(`${mode}, ${ending}, ${atOnce} at once: ${JSON.stringify(seen)}, MB ${sizes().join(" ")}`);
          expect(seen, `${ending}, ${atOnce} at once`).toMatchObject({ failed: 0, slow: 0 });
        }
      }
      const after = sizes();
      expect(after.map((size, i) => size - (before[i] ?? 0)).filter((more) => more > growth)).toEqual([]);
    },
    long ? 7_200_000 : 120_000,
  );
});
