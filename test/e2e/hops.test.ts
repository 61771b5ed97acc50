import { beforeAll, expect, it } from "vitest";
import { abroadBreaks, type Break, grantBreak } from "../harness/hops.ts";
import { addresses, network, portalText } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Person, Seen } from "../harness/person.ts";
import { type AccessPoint, userName } from "../harness/site.ts";
import { until, within } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** Limit until routes follow a change, ms. */
const limit = 2_000;

const company = givenCompany();
let person: Person;
let seen: Seen;
let breaks: Break[];
beforeAll(async () => {
  breaks = await abroadBreaks(company.site);
  // With --outside refuse, a fetch succeeds only through the tunnel.
  ({ person, seen } = await company.connected("--outside", "refuse"));
});

const portal = (): Promise<boolean> =>
  within("the portal", 500, fetchBySocks(`${seen.socks}`, `http://${addresses.portal}/`)).then(
    ({ text }) => text.includes(portalText),
    () => false,
  );

/** Time until the portal can be reached, or cannot, ms. */
const after = async (there: boolean): Promise<number> => {
  const start = performance.now();
  await until(there ? "the portal" : "no portal", async () => (await portal()) === there, limit);
  return Math.round(performance.now() - start);
};

const allWhole = ({ hops }: Seen) => hops.length >= 6 && hops.every((hop) => hop.whole);

/** Breaks a hop, checks what is reported, and fixes it; the session stays the same. */
async function brokenAndFixed({ kind, code, broken, fixed }: Break): Promise<string> {
  await company.site.sagctl(broken);
  const gone = await after(false);
  const without = await person.status();
  // Hops behind it may have a cause too; the first one is the hop to fix.
  const first = without.hops.find((hop) => !hop.whole);
  expect([first?.kind, first?.missing?.code, first?.missing?.fixer]).toEqual([kind, code, "administrator"]);
  expect([without.phase, without.session?.routes]).toEqual(["connected", []]);
  await company.site.sagctl(fixed);
  const back = await after(true);
  const again = await person.status();
  expect(allWhole(again), JSON.stringify(again.hops)).toBe(true);
  expect([again.session?.routes, again.session?.id, again.pid, again.clientIp]).toEqual([
    [network],
    seen.session?.id,
    seen.pid,
    seen.clientIp,
  ]);
  return `${code} at ${kind}: routes gone after ${gone} ms, back after ${back} ms`;
}

it("every hop that sagctl breaks is named with who can fix it; once fixed, routes are back within 2 s", async () => {
  expect(await portal()).toBe(true);
  const lines: string[] = [];
  for (const one of breaks) lines.push(await brokenAndFixed(one));
  const grant = await grantBreak(company.site);
  await after(true);
  lines.push(await brokenAndFixed(grant));
  console.info(lines.join("\n"));
});

it("the account's bandwidth limit is reported, and a new one within 2 s in the same session", async () => {
  const bandwidth = async (): Promise<unknown> => (await person.status()).session?.bandwidthKbps;
  expect(await bandwidth()).toBe(2_000);
  for (const [set, expected] of [
    ["5000", 5_000],
    ["0", null],
    ["2000", 2_000],
  ] as const) {
    await company.site.sagctl(["account", "set", userName, "--bandwidth", set]);
    await until(`a cap of ${set}`, async () => (await bandwidth()) === expected, limit);
  }
  expect((await person.status()).session?.id).toBe(seen.session?.id);
});

it("an access point that is down is named, and the session continues when it is back", async () => {
  const [accessPoint] = company.site.accessPoints.splice(0) as [AccessPoint];
  await accessPoint.kill();
  await until("the cause", async () => (await person.status()).cause === "access_point_unreachable", 3_000);
  expect((await person.status()).fixer).toBe("administrator");
  await company.site.startAccessPoint("access-point-1", { listen: accessPoint.ready.endpoint });
  await after(true);
  await until("connected", async () => (await person.status()).phase === "connected", limit);
  expect((await person.status()).session?.id).toBe(seen.session?.id);
});

it("a locked instance is reported; once unlocked, connecting works again", async () => {
  const [{ id }] = await company.site.sagctl<[{ id: string }]>(["instance", "list"]);
  await company.site.sagctl(["instance", "lock", id]);
  await until("the cause", async () => (await person.status()).cause === "instance_locked", limit);
  expect(await person.status()).toMatchObject({ phase: "failed", fixer: "administrator" });
  await company.site.sagctl(["instance", "unlock", id]);
  seen = await person.connect("--outside", "refuse");
  expect(await portal()).toBe(true);
});
