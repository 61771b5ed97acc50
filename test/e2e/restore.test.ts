import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { portalText, portalUrl } from "../harness/intranet/plan.ts";
import { fetchBySocks } from "../harness/net/fetch.ts";
import type { Person } from "../harness/person.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

const company = givenCompany({ ordinary: true });

/** Limit until a session carries traffic again after the restart of cloud and access point, ms. */
const again = 10_000;

const backup = (): string => join(company.workspace.dir, "backup.tar.gz");

let person: Person | undefined;
afterEach(() => person?.sag(["disconnect"]));

/** Stops cloud and access point, runs `between`, and starts them again; clients then need a new handshake. */
async function restarted(between: (data: string) => Promise<void>): Promise<void> {
  const { site } = company;
  const url = new URL(site.cloud.ready.url);
  const endpoint = site.accessPoints.at(-1)?.ready.endpoint ?? "";
  await site.accessPoints.at(-1)?.stop();
  await site.cloud.stop();
  await between(site.data);
  await site.startCloud(url.host);
  await site.startAccessPoint("access-point-1", { listen: endpoint });
}

it.each([
  [
    "the server is restored from a backup",
    async (data: string) => {
      renameSync(data, `${data}-lost`);
      await company.site.sagctl(["restore", backup()]);
    },
  ],
  [
    "keys.db is lost",
    async (data: string) => {
      for (const end of ["", "-wal", "-shm"]) rmSync(join(data, `keys.db${end}`), { force: true });
    },
  ],
])("%s: a running session recovers automatically", async (_, between) => {
  const connected = await company.connected();
  person = connected.person;
  const { seen } = connected;
  rmSync(backup(), { force: true });
  await company.site.sagctl(["backup", backup()]);
  await restarted(between);
  const started = performance.now();
  await until(
    "traffic",
    async () => {
      try {
        return (await fetchBySocks(`${seen.socks}`, portalUrl)).text.includes(portalText);
      } catch {
        return false;
      }
    },
    again,
  );
  console.info(`traffic again after ${Math.round(performance.now() - started)} ms`);
  const now = await connected.person.status();
  expect(now).toMatchObject({ phase: "connected", clientIp: seen.clientIp, pid: seen.pid });
});
