import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { addresses, domain, portalText } from "../harness/intranet/plan.ts";
import { until } from "../harness/wait.ts";
import { givenCompany } from "./fixture.ts";

/** A collector for NetFlow v5. */
const collector: Socket = createSocket("udp4");
/** Bytes in its records, by source and destination address and port. */
const counted = new Map<string, number>();
collector.on("message", (datagram) => {
  const address = (at: number) => [...datagram.subarray(at, at + 4)].join(".");
  for (let at = 24; at < datagram.length; at += 48) {
    const name = `${address(at)}:${datagram.readUInt16BE(at + 32)} ${address(at + 4)}:${datagram.readUInt16BE(at + 34)}`;
    counted.set(name, (counted.get(name) ?? 0) + datagram.readUInt32BE(at + 20));
  }
});
afterAll(() => collector.close());

interface Line {
  account: string;
  instance: string;
  project: string;
  source: string;
  source_port?: number;
  destination: string;
  destination_port?: number;
  bytes: number;
}

const region = "cn-shanghai";
const company = givenCompany();

it("records of a session reach the collector and the access point's file", async () => {
  const { site, workspace } = company;
  collector.bind(0, "127.0.0.1");
  await once(collector, "listening");
  const [instance] = await site.sagctl<{ id: string }[]>(["instance", "list"]);
  const sends = ["--collector", "127.0.0.1", "--port", `${collector.address().port}`, "--netflow-version", "V5"];
  const writes = ["--log-region", region, "--project", "flows", "--logstore", "flows"];
  const { id } = await site.sagctl<{ id: string }>(["flow-log", "create", "--output", "all", ...sends, ...writes]);
  await site.sagctl(["flow-log", "use", id, instance?.id ?? ""]);
  const { person } = await company.connected();
  const page = await person.sag(["run", "curl", "-sS", "--fail", "--max-time", "10", `http://portal.${domain}/`]);
  expect(page.stdout, page.stderr).toContain(portalText);
  await person.disconnect();

  const file = join(workspace.dir, "access-point-1", "flows.jsonl");
  const lines = await until("the records of the portal", () => {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const all = text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
    const fromPortal = all.some(({ source, source_port }) => source === addresses.portal && source_port === 80);
    return fromPortal && all;
  });
  for (const line of lines) expect(line).toMatchObject({ instance: instance?.id, project: "flows" });
  const written = new Map<string, number>();
  for (const { source, source_port = 0, destination, destination_port = 0, bytes } of lines) {
    if (source.includes(":")) continue; // version 5 has no IPv6
    const name = `${source}:${source_port} ${destination}:${destination_port}`;
    written.set(name, (written.get(name) ?? 0) + bytes);
  }
  await expect.poll(() => counted, { timeout: 5_000 }).toEqual(written);
  expect([...written.keys()].some((name) => name.endsWith(` ${addresses.portal}:80`))).toBe(true);
});
