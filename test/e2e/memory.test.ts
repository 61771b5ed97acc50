import { readFileSync } from "node:fs";
import { beforeAll, it } from "vitest";
import { portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Seen } from "../harness/person.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

const company = givenCompany({ ordinary: true });
let seen: Seen;

/** Private memory of a process and its share of shared memory (PSS), MB. */
const memory = (pid: number): number => {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return (Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024) / 1e6;
};

beforeAll(async () => {
  ({ seen } = await company.connected());
  await fetchBySocks(`${seen.socks}`, portalUrl);
});

it.each([
  ["sag-tunnel", () => seen.pid ?? 0, 25],
  ["sag-cloud", () => company.site.cloud.pid, 150],
])("%s is within its limit soon after it has become idle", async (name, pid, limit) => {
  // sag-tunnel returns the memory of the start to the system two seconds after connecting, at its next check.
  let used = memory(pid());
  const within = () => {
    used = memory(pid());
    return used < limit;
  };
  await until(() => `${name} below ${limit} MB; it has ${used.toFixed(1)} MB`, within, 10_000);
  console.log(`${name}: ${used.toFixed(1)} MB`);
});
