import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { causeTable } from "../../common/causes/table.ts";
import type { CauseCode } from "../../electron/core/client/model.ts";
import { addresses, domain, portalText, portalUrl } from "../harness/intranet/plan.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Failed, Person, Seen } from "../harness/person.ts";
import { userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** Commands with impossible arguments: each failure has its own cause and exit code. */
const [silentAddress, refusingAddress, slowAddress] = ["10.77.0.98", "10.77.0.97", "10.77.0.96"];
let silent: ChildProcess;
let slow: Server;
const fillers: Socket[] = [];
const inSlow = new Set<Socket>();

const company = givenCompany({
  prepare: async ({ published }) => {
    // It listens but never accepts: once its queue is full, further connections get no answer.
    const program =
      "require('net').createServer().listen({port:0,host:'127.0.0.1',backlog:1},function(){require('fs').writeSync(1,this.address().port+'\\n');Atomics.wait(new Int32Array(new SharedArrayBuffer(4)),0,0)})";
    silent = spawn(at("node_modules/.bin/node"), ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = await once(createInterface({ input: silent.stdout as NodeJS.ReadableStream }), "line");
    for (let i = 0; i < 4; i++) fillers.push(connect(Number(port), "127.0.0.1").on("error", () => {}));
    // It accepts any amount of data and keeps its end open.
    slow = createServer({ allowHalfOpen: true }, (socket) => {
      inSlow.add(socket.resume().on("error", () => {}));
    }).listen(0, "127.0.0.1");
    await once(slow, "listening");
    const { port: slowPort } = slow.address() as { port: number };
    published.push(`${silentAddress}:9=127.0.0.1:${port}`, `${refusingAddress}:9=127.0.0.1:1`);
    published.push(`${slowAddress}:9=127.0.0.1:${slowPort}`);
  },
});
let person: Person;
let seen: Seen;
let stranger: Person;
/** sag-tunnel waits for 10 s, so this starts first and waits in parallel to the other tests. */
let silence: Promise<Failed & { code: number }>[];
beforeAll(async () => {
  ({ person, seen } = await company.connected());
  stranger = company.person();
  await stranger.signIn(company.link, userName, company.password);
  silence = [
    person.failure(["ssh-proxy", silentAddress, "9"]),
    person.failure(["ping", "10.77.0.200", "--count", "1", "--timeout", "300ms"]),
  ];
});
afterAll(() => {
  silent.kill("SIGKILL");
  slow.close();
  for (const socket of [...fillers, ...inSlow]) socket.destroy();
});

const ssh = (...args: string[]): (() => Promise<Failed & { code: number }>) => {
  return () => person.failure(["ssh-proxy", ...args]);
};

it.each<[string, CauseCode, () => Promise<Failed & { code: number }>]>([
  ["an unknown intranet", "unknown_intranet", () => person.failure(["connect", "--intranet", "nowhere"])],
  ["a port in use", "port_in_use", () => stranger.failure(["connect", "--socks", `${seen.socks}`])],
  ["a forwarded port in use", "port_in_use", () => person.failure(["forward", `${portOf(seen.http)}:portal:80`])],
  ["a name unknown in the intranet", "name_not_found", ssh(`nothing.${domain}`, "22")],
  ["a target that refuses the connection", "target_refused", ssh(refusingAddress, "9")],
  ["a port that is not published", "target_refused", ssh(addresses.portal, "81")],
  ["a target that does not answer", "target_timeout", () => silence[0] as Promise<Failed & { code: number }>],
  ["a host that does not answer pings", "target_timeout", () => silence[1] as Promise<Failed & { code: number }>],
  ["a command while disconnected", "not_connected", () => stranger.failure(["ssh-proxy", addresses.portal, "80"])],
  ["an invalid port", "invalid_argument", ssh(addresses.portal, "http")],
])("%s is reported as %s", async (_, cause, attempt) => {
  const failure = await attempt();
  expect(failure).toMatchObject({ cause, code: causeTable[cause].exit });
  for (const words of [failure.message, failure.action]) expect(words).toMatch(/^\S.+\.$/s);
});

const portOf = (address: string | null): string => `${address}`.split(":").at(-1) ?? "";

it("a sag-tunnel killed during a transfer is reported as tunnel_crashed", async () => {
  const { person: other, seen: theirs } = await company.connected();
  const under = other.failure(["ssh-proxy", slowAddress, "9"], { limit: 20_000 });
  await until("a transfer", () => inSlow.size > 0);
  process.kill(theirs.pid ?? 0, "SIGKILL");
  const done = await under.catch((error: Error) => error.message);
  expect(done).toMatchObject({ cause: "tunnel_crashed", code: causeTable.tunnel_crashed.exit });
});

it("a full disk stops no tunnel, but a notice says that nothing is logged; a sign-in that cannot be stored is storage_full", async (context) => {
  needsRoot(context);
  needsProgram(context, "unshare", "mount");
  const other = company.person();
  await other.signIn(company.link, userName, company.password);
  const state = `${other.env.XDG_STATE_HOME}/sag`;
  const full = `cp -a ${state} ${state}.kept && mount -t tmpfs -o size=64k none ${state} && cp -a ${state}.kept/. ${state} && rm -f ${state}/log/* &&
    (cat /dev/zero > ${state}/full 2> /dev/null; true) && exec "$@"`;
  const onFullDisk = (...args: string[]) =>
    other.run(["unshare", "--mount", "sh", "-c", full, "sh", at("bin/sag"), ...args, "--json"], {
      stdin: company.password,
    });
  const connected = await onFullDisk("connect");
  expect(connected.code, connected.stdout + connected.stderr).toBe(0);
  expect(connected.stderr).toContain("The disk is full");
  const { socks } = JSON.parse(connected.stdout);
  expect((await fetchBySocks(socks, portalUrl)).text).toContain(portalText);
  await other.disconnect();
  const refused = await onFullDisk("sign-in", company.link, "--user", userName, "--password-stdin", "--store", "file");
  expect(JSON.parse(refused.stdout)).toMatchObject({ cause: "storage_full" });
  expect(refused.code).toBe(causeTable.storage_full.exit);
});
