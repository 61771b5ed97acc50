import { chmodSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { command } from "../harness/command.ts";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import type { Person, Seen } from "../harness/person.ts";
import { runtimeOf } from "../harness/workspace.ts";
import { givenCompany } from "./fixture.ts";

/** All users of a host share loopback, but not a tunnel. */
const company = givenCompany();
let person: Person;
let seen: Seen;
beforeAll(async () => {
  ({ person, seen } = await company.connected());
});
beforeEach((context) => {
  needsRoot(context);
  needsProgram(context, "setpriv", "curl");
});

const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
const curl = (...args: string[]) => command([...asNobody, "curl", "-sS", "--fail", "--max-time", "5", ...args]);

it.each<[string, () => string[]]>([
  ["the SOCKS5 proxy", () => ["--socks5-hostname", `${seen.socks}`, portalUrl]],
  ["the HTTP proxy", () => ["-x", `http://${seen.http}`, portalUrl]],
  ["the HTTP proxy by CONNECT", () => ["-p", "-x", `http://${seen.http}`, portalUrl]],
  ["the PAC", () => [`${seen.pac}`]],
])("another user's process is refused at %s", async (_, args) => {
  const done = await curl(...args());
  expect(done.code).not.toBe(0);
  expect(done.stdout).not.toContain(portalText);
  expect(done.stdout).not.toContain("FindProxyForURL");
  const own = await command(["curl", "-sS", "--fail", "--max-time", "5", ...args()]);
  expect(own.code, own.stderr).toBe(0);
});

it("another user's process is refused at the RPC socket, even if the directory permissions allow access", async () => {
  const runtime = runtimeOf(person.env);
  const [intranet] = readdirSync(runtime).filter((name) => /^[0-9a-z]{4,32}$/.test(name));
  const socket = join(runtime, `${intranet}`, "rpc.sock");
  const states = "http://tunnel/sag.tunnel.v1.TunnelService/GetStates";
  const ask = ["--unix-socket", socket, "-H", "content-type: application/json", "-d", "{}", states];
  expect((await curl(...ask)).code).not.toBe(0);
  // Opens all permissions, so that only the check of peer credentials is left.
  chmodSync(socket, 0o777);
  for (let folder = dirname(socket); folder.startsWith(company.workspace.dir); folder = dirname(folder))
    chmodSync(folder, 0o755);
  const refused = await curl(...ask);
  expect(refused.code).not.toBe(0);
  expect(refused.stdout).not.toContain("clientIp");
  expect((await command(["curl", "-sS", "--fail", ...ask])).code).toBe(0);
});
