import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Seen } from "../harness/person.ts";
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
  // Wait until garbage from the start has been collected.
  await delay(3_000);
});

it.each([
  ["sag-tunnel", () => seen.pid ?? 0, 25],
  ["sag-cloud", () => company.site.cloud.pid, 150],
])("%s stays within its limit while idle", (name, pid, limit) => {
  const used = memory(pid());
  console.log(`${name}: ${used.toFixed(1)} MB`);
  expect(used).toBeLessThan(limit);
});
