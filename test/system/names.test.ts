import { afterEach, expect, it } from "vitest";
import { must } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4 } from "./campus.ts";
import { insideName, lookUp, outsideName, startNameServers } from "./names.ts";

/** Split DNS among real machines: names of the intranet are asked inside only, all others outside only. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

const confOf = (one: Campus): Promise<string> => must(one.machines.on("client", ["cat", "/etc/resolv.conf"]));

it("is split where /etc/resolv.conf is a plain file", async (context) => {
  needsRoot(context);
  needsProgram(context, "ip", "nsenter", "unshare");
  const one = new Campus();
  campus = one;
  await one.start("nat", (machines) => machines.furnish("client"));
  const { inside, outside } = await startNameServers(one, "--domain", "corp.test");
  const before = await confOf(one);

  await one.anna.connect("--mode", "system");
  expect(await lookUp(one, insideName)).toBe(host4);
  expect(await lookUp(one, outsideName)).toBe("192.0.2.99");
  expect(outside.of("corp.test")).toEqual([]);
  expect(inside.of("world.test")).toEqual([]);
  expect(await confOf(one)).toContain("sag-tunnel");

  await one.anna.disconnect();
  expect(await confOf(one)).toBe(before);
  await until("outside again", async () => (await lookUp(one, outsideName)) === "192.0.2.99");
});
