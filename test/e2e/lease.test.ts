import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import { userName } from "../harness/site.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** s. */
const lease = 20;
/** Time after a lease until an access point has confirmed that a peer is removed, ms. */
const slack = 8_000;

/** Two addresses for three people, so that one has to wait for another's address. */
const company = givenCompany({
  cidr: "10.78.0.0/30",
  prepare: (site) => site.sagctl(["policy", "set", "--lease", `${lease}s`]),
});

it("a session is renewed without user activity; one whose tunnel is gone ends with its lease, and its address is not reassigned before", async () => {
  const [kept, lost] = [await company.connected(), await company.connected()];
  const third = company.person();
  await third.signIn(company.link, userName, company.password);

  const { session } = await lost.person.status();
  process.kill(lost.seen.pid ?? 0, "SIGKILL");
  const killed = performance.now();
  expect(await third.failure(["connect"])).toMatchObject({ cause: "address_pool_exhausted", code: 44 });
  const heir = await until(
    "the address",
    async () => {
      const done = await third.sag(["connect", "--json"]);
      if (done.code === 0) return JSON.parse(done.stdout);
      expect(JSON.parse(done.stdout).cause).toBe("address_pool_exhausted");
      await delay(500);
      return undefined;
    },
    lease * 1_000 + slack,
  );
  expect(performance.now() - killed).toBeGreaterThan((session?.leaseLeftMs ?? 0) - 500);
  expect(heir.clientIp).toBe(lost.seen.clientIp);

  // By now the other session has outlived its first lease without user activity.
  const now = await until("two renewals", async () => {
    const seen = await kept.person.status();
    return (seen.session?.renewals ?? 0) >= 2 && seen;
  });
  expect(now).toMatchObject({ phase: "connected", clientIp: kept.seen.clientIp, pid: kept.seen.pid });
  expect((await fetchBySocks(`${now.socks}`, portalUrl)).text).toContain(portalText);
  const late = await lost.person.failure(["connect"]);
  expect(late.cause).toMatch(/address_pool_exhausted|session_limit/);
});
