import { copyFileSync, existsSync, lstatSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { dialEnvironment } from "../../electron/core/service/layout.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { tailOf } from "../harness/processes.ts";
import { userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { Campus } from "./campus.ts";

/** An unattended host: enrolled once, it connects at every start, and reports when a person is needed. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

it("connects at every start, retries temporary failures, and stops when its account is disabled", async (context) => {
  needsRoot(context);
  needsProgram(context, "ip", "systemctl", "setpriv");
  const one = new Campus();
  campus = one;
  await one.start("userspace");

  // Enrolled into an image, because this host has no systemd to start the service.
  const image = join(one.workspace.dir, "image");
  const enroll = ["service", "enroll", one.link, "--user", userName, "--password-stdin", "--root", image];
  await one.anna.json(enroll, { stdin: one.password });
  for (const path of ["usr/lib/sag/sag-tunnel", "usr/lib/sag/cli/node", "usr/lib/sag/cli/sag.mjs"]) {
    expect(lstatSync(join(image, path)).mode & 0o022, path).toBe(0);
  }
  for (const unit of ["sag-tunnel.service", "sag-dial.service"]) {
    expect(lstatSync(join(image, "etc/systemd/system/multi-user.target.wants", unit)).isSymbolicLink()).toBe(true);
  }
  // One command for a host that all its users may connect.
  const shared = join(one.workspace.dir, "shared");
  const intranet = `${new URL(one.link).searchParams.get("code")}@${new URL(one.site.cloud.ready.url).host}`;
  const installed = await one.anna.json(["service", "install", "--root", shared, "--trust", one.link]);
  expect(installed).toEqual({ installed: true, enrolled: false, trusted: [intranet] });
  expect(lstatSync(join(shared, "var/lib/sag-tunnel/trusted")).mode & 0o777).toBe(0o600);

  const state = join(image, "var/lib/sag");
  // Enrolling also trusts the intranet; this test's service has its state elsewhere.
  const trusted = join(image, "var/lib/sag-tunnel/trusted");
  const written = readFileSync(trusted, "utf8");
  copyFileSync(trusted, join(one.workspace.dir, "state/trusted"));
  // Installing over an earlier version trusts the intranet that it had enrolled.
  rmSync(trusted);
  await one.anna.json(["service", "install", "--root", image]);
  expect(readFileSync(trusted, "utf8")).toBe(written);

  // The commands of the unit, run as an unprivileged user.
  const user = 64_999;
  for (const args of [
    ["chown", "-R", `${user}`, state],
    ["chmod", "0755", one.workspace.dir, image],
  ])
    await one.anna.run(args);
  const boot = () =>
    one.processes.start({
      name: "dial",
      command: one.machines.on("client", [
        ...["setpriv", `--reuid=${user}`, "--regid=65534", "--clear-groups"],
        ...["sh", "-c", `echo '{"ready":true}'; exec "$@"`, "sh"],
        ...[join(image, "usr/lib/sag/cli/node"), join(image, "usr/lib/sag/cli/sag.mjs"), "service", "run"],
      ]),
      env: { PATH: process.env.PATH, ...dialEnvironment(state), SAG_SERVICE_DIR: one.anna.env.SAG_SERVICE_DIR },
    });
  const dial = async () => (await one.anna.json<{ dial: Dial | null }>(["service", "status", "--root", image])).dial;
  const first = await boot();
  await until("it is in", async () => (await dial())?.phase === "connected");
  await first.stop();

  // The next start, before the service runs.
  await one.service.kill();
  const second = await boot();
  await until("it waits", async () => (await dial())?.phase === "waiting");
  expect(await dial()).toMatchObject({ cause: { cause: "service_not_running" } });
  await one.startService();
  await until("it is in again", async () => (await dial())?.phase === "connected");

  await one.site.sagctl(["account", "disable", userName]);
  const { code } = await second.ended;
  expect(await dial()).toMatchObject({ phase: "stopped", cause: { cause: "account_disabled" } });
  expect(code).toBeGreaterThan(0);
  expect(tailOf(second.logFile)).toContain("administrator");

  await one.anna.json(["service", "remove", "--root", image]);
  for (const path of ["usr/lib/sag", "var/lib/sag", "etc/systemd/system/sag-dial.service"]) {
    expect(existsSync(join(image, path)), path).toBe(false);
  }
});

interface Dial {
  phase: string;
  cause: { cause: string } | null;
}
