import { afterEach, expect, it, type TestContext } from "vitest";
import { command, must } from "../harness/command.ts";
import { needsProgram, needsRoot } from "../harness/needs.ts";
import { needsUnpacked } from "../harness/unpacked.ts";
import { until } from "../harness/wait.ts";
import { type Backend, furnish, namesState, outsideServer } from "./backends.ts";
import { Campus, host4 } from "./campus.ts";
import { insideServer, lookUp, type NameServer, namesHeld, outsideName, startNameServers } from "./names.ts";

/** Short names are completed with the intranet's domains, and never queried outside if they may be the intranet's. */
let campus: Campus | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(campus?.logs());
  await campus?.end();
  campus = undefined;
});

const begin = async (context: TestContext, backend: Backend) => {
  needsRoot(context);
  needsProgram(context, "ip", "nsenter", "unshare", "dbus-daemon", "dig", "curl");
  if (backend !== "file") needsUnpacked(context);
  const one = new Campus();
  campus = one;
  await one.start("nat", furnish(backend));
  return { one, ...(await startNameServers(one, "--domain", "corp.test")) };
};

/** The text of a page on the intranet's host, or curl's error. */
const fetchBy = async (one: Campus, proxy: string[], url: string): Promise<string> => {
  const done = await command(one.machines.on("client", ["curl", "-sS", "--max-time", "9", ...proxy, url]));
  return done.stdout || done.stderr;
};

/** Checks that no outside name server was queried for names of the intranet. */
const expectSilence = (outside: NameServer): void => {
  expect(outside.asked.filter((name) => /portal|corp\.test/.test(name))).toEqual([]);
};

it("proxy mode queries the intranet for names completed with the host's search list", async (context) => {
  const { one, inside, outside } = await begin(context, "file");
  const conf = `nameserver ${outsideServer}\\nsearch corp.test\\n`;
  await must(one.machines.on("client", ["sh", "-c", `printf '${conf}' > /etc/resolv.conf`]));
  const { socks, http } = await one.anna.connect("--mode", "proxy");
  const ways = [
    ["--socks5-hostname", `${socks}`],
    ["-x", `http://${http}`],
    ["-p", "-x", `http://${http}`],
  ];
  for (const way of ways) {
    expect(await fetchBy(one, way, "http://portal/")).toMatch(/^10\.55\.0\.1[12]$/);
    // This name does not exist, neither in the intranet nor outside.
    await fetchBy(one, way, "http://gone.corp.test/");
  }
  expectSilence(outside);
  expect(inside.of("corp.test")).toContain("portal.corp.test");
  // A public name still resolves outside.
  await fetchBy(one, ways[0] ?? [], `http://${outsideName}/`);
  expect(outside.asked).toContain(outsideName);
}, 60_000);

for (const backend of ["file", "systemd-resolved", "NetworkManager"] as const) {
  it(`short names resolve to the intranet in both modes with ${backend} if the intranet pushes a search domain`, async (context) => {
    const { one, outside } = await begin(context, backend);
    const before = await namesState(one.machines, backend);
    await one.site.sagctl(["dns", "set", "--server", insideServer, "--domain", "corp.test", "--search", "corp.test"]);
    const { socks, http } = await one.anna.connect("--mode", "proxy");
    for (const way of [
      ["--socks5-hostname", `${socks}`],
      ["-x", `http://${http}`],
    ])
      expect(await fetchBy(one, way, "http://portal/")).toMatch(/^10\.55\.0\.1[12]$/);
    expect((await one.anna.status()).session?.dnsSearchDomains).toEqual(["corp.test"]);
    await one.anna.disconnect();

    await one.anna.connect("--mode", "system");
    await until("a short name leads inside", async () => (await lookUp(one, "portal")) === host4);
    expect(await lookUp(one, "gone")).toBe("");
    expect(await lookUp(one, outsideName)).toBe("192.0.2.99");
    expect((await one.anna.status()).machine?.names).toMatchObject({
      backend,
      searchDomains: ["corp.test"],
      trouble: null,
    });

    // The administrator removes the domain while people are connected.
    await one.site.sagctl(["dns", "set", "--server", insideServer, "--domain", "corp.test"]);
    await until("short names are as before", async () => (await lookUp(one, "portal")) === "");
    expect(await lookUp(one, "portal.corp.test")).toBe(host4);
    await namesHeld(one, backend, []);
    await one.anna.disconnect();
    await until("everything is as it was", async () => (await namesState(one.machines, backend)) === before);
    expect(outside.of("corp.test")).toEqual([]);
  }, 90_000);
}
