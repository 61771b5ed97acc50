import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { uncapped } from "../harness/site.ts";
import { Campus, host4, type Mode } from "./campus.ts";
import type { Connected } from "./connector.ts";
import { type Ending, endings, portsOfEnding } from "./endings.ts";

/**
 * Thousands of connections through the proxy, sequential and concurrent, closed by either end: none fails or is
 * delayed, and memory does not grow. `SAG_SOAK` makes it 100,000 each; SAG_CONNECTIONS sets another number.
 */
const long = process.env.SAG_SOAK !== undefined;
const total = long ? Number(process.env.SAG_CONNECTIONS ?? 100_000) : 500;
const crowds = [1, 16, 64];
/**
 * Connections before memory is measured: the stacks keep a limited number of closed connections for a minute
 * (TIME-WAIT).
 */
const warmUp = long ? 10_000 : 500;
/**
 * A host has about 28,000 ephemeral ports per minute towards one port of another, so the load is spread over several
 * ports.
 */
const ports = long ? portsOfEnding : 1;

/** Allowed growth of memory after the first connections, MB. */
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
    "sequential connections do not delay each other",
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
