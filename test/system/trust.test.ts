import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { Person } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { Campus, host4 } from "./campus.ts";

/** An ordinary user of a host whose administrator decides which intranets may be used in system mode. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

it("connects only to trusted intranets in system mode, and uses proxy mode for others", async (context) => {
  needsRoot(context);
  needsProgram(context, "ip", "nft", "setpriv", "curl");
  const one = new Campus();
  campus = one;
  await one.start("userspace");
  const { machines } = one;
  const tunnel = join(one.workspace.dir, "sag-tunnel");
  writeFileSync(tunnel, `#!/bin/sh\nexec ${at("bin/sag-tunnel")} "$@" --state-dir ${one.workspace.dir}/state\n`);
  chmodSync(tunnel, 0o755);
  const root = new Person({ ...one.anna.env, SAG_TUNNEL: tunnel }, (args) => machines.on("client", args));

  const uid = "64997";
  const as = (id: string, args: string[]) =>
    machines.on("client", ["setpriv", `--reuid=${id}`, `--regid=${id}`, "--clear-groups", ...args]);
  const bert = new Person({ ...one.workspace.home("bert"), SAG_SERVICE_DIR: one.run }, (args) => as(uid, args));
  await must(["chown", "-R", `${uid}:${uid}`, join(one.workspace.dir, "bert")]);
  chmodSync(one.workspace.dir, 0o755);
  await bert.signIn(one.link, userName, one.password);
  const before = await one.network();

  // Not trusted: system mode is refused if requested, otherwise proxy mode is used.
  const refused = await bert.failure(["connect", "--mode", "system"]);
  const server = new URL(one.site.cloud.ready.url).host;
  const intranet = `${new URL(one.link).searchParams.get("code")}@${server}`;
  expect(refused).toMatchObject({
    code: 53,
    cause: "not_permitted",
    message: `No administrator of this computer has trusted ${intranet} for system mode.`,
    action: `An administrator can allow it: sudo sag service trust ${intranet}`,
  });
  const auto = await bert.sag(["connect", "--mode", "auto"]);
  expect(auto.stderr).toContain(`sudo sag service trust ${intranet}`);
  expect(await bert.status()).toMatchObject({ phase: "connected", mode: "proxy" });
  expect(await one.network()).toBe(before);
  await bert.disconnect();

  // Only an administrator can trust it, with one command.
  expect(await bert.failure(["service", "trust", one.link])).toMatchObject({ cause: "not_permitted" });
  expect(await root.json(["service", "trust", one.link])).toMatchObject({ trusted: [intranet] });
  const up = await bert.connect();
  expect(up).toMatchObject({ phase: "connected", mode: "system" });
  expect(await must(machines.on("client", ["curl", "-sS", "--max-time", "5", `http://${host4}/`]))).not.toBe("");

  // The service's log of a session is readable only for its owner.
  const logs = (person: Person) => person.sag(["logs", "--json", "--lines", "1000"]);
  const connected = (text: string): boolean =>
    text.split("\n").some((line) => /"source":"service"/.test(line) && /"phase":"connected"/.test(line));
  expect(connected((await logs(bert)).stdout)).toBe(true);
  expect((await bert.sag(["logs"])).stderr).toContain("journalctl -u sag-tunnel");

  // The connection does not depend on the runtime directory, which is removed at logout and missing in cron.
  rmSync(String(bert.env.XDG_RUNTIME_DIR), { recursive: true });
  expect(await bert.status()).toMatchObject({ phase: "connected", mode: "system" });
  const { XDG_RUNTIME_DIR: _, ...cron } = bert.env;
  const job = new Person(cron, (args) => as(uid, args));
  expect(await job.status()).toMatchObject({ phase: "connected", mode: "system", session: { id: up.session?.id } });
  expect(await job.connect()).toMatchObject({ phase: "connected", mode: "system", session: { id: up.session?.id } });
  await job.disconnect();
  expect(await job.status()).toMatchObject({ phase: "disconnected" });
  expect(await one.network()).toBe(before);

  // Trust can be revoked.
  expect(await root.json(["service", "untrust", intranet])).toMatchObject({ trusted: [] });
  expect(await bert.failure(["connect", "--mode", "system"])).toMatchObject({ cause: "not_permitted" });
  // An administrator's own session needs no trust, and its log is not readable for bert.
  const ofService = async (person: Person) =>
    (await logs(person)).stdout.split("\n").filter((line) => line.includes('"source":"service"'));
  const own = await ofService(bert);
  expect(await root.connect("--mode", "system")).toMatchObject({ phase: "connected", mode: "system" });
  expect(connected((await logs(root)).stdout)).toBe(true);
  expect(await ofService(bert)).toEqual(own);
});
