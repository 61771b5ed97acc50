import { beforeAll, describe, expect, it } from "vitest";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Person, Seen } from "../harness/person.ts";
import { type AccessPoint, userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** Limit until a failure is reported, or until traffic flows again, ms. */
const limit = 3_000;
const failOverLimit = 5_000;

const portal = async (seen: Seen): Promise<boolean> =>
  (await fetchBySocks(`${seen.socks}`, portalUrl)).text.includes(portalText);

/** Fetches until it succeeds. */
const reachable = (seen: Seen, within: number): Promise<unknown> =>
  until("the portal", () => portal(seen).catch(() => false), within);

/** Runs `sag status` until it reports the cause; returns how long that took, ms. */
const toldAfter = async (person: Person, cause: string, within: number): Promise<number> => {
  const start = performance.now();
  await until(cause, async () => (await person.status()).cause === cause, within);
  return performance.now() - start;
};

describe("one access point", () => {
  const company = givenCompany();
  let person: Person;
  let seen: Seen;
  beforeAll(async () => {
    ({ person, seen } = await company.connected());
  });

  it("kill -9 of sag-tunnel is reported as tunnel_crashed; connect resumes the session with the same addresses", async () => {
    process.kill(seen.pid ?? 0, "SIGKILL");
    expect(await toldAfter(person, "tunnel_crashed", limit)).toBeLessThan(limit);
    const start = performance.now();
    const again = await person.connect();
    expect({ ...again, pid: 0 }).toMatchObject({ socks: seen.socks, http: seen.http, clientIp: seen.clientIp });
    expect(again.pid).not.toBe(seen.pid);
    expect(await portal(again)).toBe(true);
    expect(performance.now() - start).toBeLessThan(limit);
    seen = again;
  });

  it("kill -9 of the access point is reported as access_point_unreachable; traffic flows again after a restart", async () => {
    const [accessPoint] = company.site.accessPoints.splice(0) as [AccessPoint];
    await accessPoint.kill();
    expect(await toldAfter(person, "access_point_unreachable", limit)).toBeLessThan(limit);
    await company.site.startAccessPoint("access-point-1", { listen: accessPoint.ready.endpoint });
    await reachable(seen, limit);
    await until("connected", async () => (await person.status()).phase === "connected", limit);
  });

  it("kill -9 of the cloud leaves the tunnel up with a warning; new dials fail; no data is lost", async () => {
    const { site } = company;
    const newcomer = company.person();
    await newcomer.signIn(company.link, userName, company.password);
    const before = [await site.sagctl(["instance", "show"]), await site.sagctl(["account", "list"])];
    await site.cloud.kill();

    const warned = async (): Promise<boolean> => {
      const { phase, warnings } = await person.status();
      expect(phase).toBe("connected");
      return warnings.some(({ code }) => code === "instance_unreachable");
    };
    await until("the warning", warned, limit);
    expect(await portal(seen)).toBe(true);
    const start = performance.now();
    const failed = await newcomer.failure(["connect"]);
    expect(failed).toMatchObject({ cause: "instance_unreachable", code: 30 });
    expect(performance.now() - start).toBeLessThan(limit);

    await site.startCloud(new URL(site.cloud.ready.url).host);
    expect([await site.sagctl(["instance", "show"]), await site.sagctl(["account", "list"])]).toEqual(before);
    await until("no warning", async () => (await person.status()).warnings.length === 0, limit);
    expect(await portal(seen)).toBe(true);
    expect(await portal(await newcomer.connect())).toBe(true);
    await newcomer.disconnect();
  });
});

describe("two access points", () => {
  const company = givenCompany({ accessPoints: 2 });

  it("kill -9 of the one in use: traffic uses the other", async () => {
    const { person, seen } = await company.connected();
    expect(await portal(seen)).toBe(true);
    const inUse = company.site.accessPoints.find(({ ready }) => ready.id === seen.accessPoint?.id);
    await inUse?.kill();
    const start = performance.now();
    await reachable(seen, failOverLimit);
    expect(performance.now() - start).toBeLessThan(failOverLimit);
    const now = await person.status();
    expect(now.phase).toBe("connected");
    expect(now.accessPoint?.id).not.toBe(inUse?.ready.id);
  });
});
