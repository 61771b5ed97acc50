import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { until } from "../harness/wait.ts";
import { Campus, host4 } from "./campus.ts";

/** A full tunnel by policy, on a host with strict reverse-path filtering. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

it("a full tunnel carries everything but the LAN, with strict reverse-path filtering", async (context) => {
  needsRoot(context);
  needsProgram(context, "curl", "ping", "ip");
  const one = new Campus();
  campus = one;
  await one.start("userspace");
  const strict = ["all", "default", "home"].map((link) => `sysctl -qw net.ipv4.conf.${link}.rp_filter=1`);
  await one.machines.run("client", ...strict);
  await one.site.sagctl(["policy", "set", "--full-tunnel", "on"]);
  const before = await one.network();
  await one.anna.connect("--mode", "system");

  const way = async (to: string): Promise<string> => await one.machines.run("client", `ip route get ${to}`);
  expect(await way("198.51.100.1")).toMatch(/ dev sag\d /);
  expect(await way("192.168.77.1")).toContain(" dev home ");
  expect(await way("192.0.2.10"), "the cloud instance").toContain(" dev home ");
  const reached = async (host: string): Promise<boolean> =>
    (await one.anna.run(["curl", "-sf", "--max-time", "2", `http://${host}/`])).code === 0;
  expect(await reached(host4)).toBe(true);
  expect(await one.anna.run(["ping", "-c1", "-W2", "192.168.77.1"])).toMatchObject({ code: 0 });

  // Still after the access point in use was killed.
  const { inUse } = await one.active();
  await inUse.kill();
  await until("the other access point carries", () => reached(host4));
  await until("connected", async () => (await one.anna.status()).phase === "connected");
  await one.anna.disconnect();
  expect(await one.network()).toBe(before);

  // A killed service leaves everything blocked, which the status reports until it is repaired.
  await one.anna.connect("--mode", "system");
  await one.service.kill();
  expect(await one.anna.status()).toMatchObject({
    phase: "failed",
    cause: "service_not_running",
    blocking: "intranet",
  });
  const repair = ["repair", "--run-dir", one.run, "--state-dir", join(one.workspace.dir, "state")];
  expect(await one.anna.run([at("bin/sag-tunnel"), ...repair])).toMatchObject({ code: 0 });
  expect(await one.network()).toBe(before);
  expect(await one.anna.status()).toMatchObject({ phase: "disconnected", cause: null, blocking: "none" });
});
