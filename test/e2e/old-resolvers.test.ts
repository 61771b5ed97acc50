import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type NameServer, type NameServerKind, serveNames } from "../harness/intranet/names.ts";
import { createNamespace, type Namespace } from "../harness/namespace.ts";
import { needsRoot } from "../harness/needs.ts";
import { freePort } from "../harness/net/free-port.ts";
import type { Person, Seen } from "../harness/person.ts";
import { givenCompany } from "./fixture.ts";

/**
 * The host's name server is old or broken, as in some home and hotel routers. Names outside the intranet and the
 * access point's name still resolve.
 */
const isRoot = process.getuid?.() === 0;
const outsideName = "outside.example";
const accessPointName = "vm.example";
/** ms. */
const limit = 3_000;

beforeEach(needsRoot);

describe.each<NameServerKind>(["without EDNS", "without AAAA"])("a name server %s", (kind) => {
  let namespace: Namespace;
  let names: NameServer;
  let web: Server;
  let person: Person;
  let seen: Seen;
  const records: Record<string, string> = {};

  beforeAll(async () => {
    if (!isRoot) return;
    namespace = await createNamespace();
    Object.assign(records, { [outsideName]: namespace.host, [accessPointName]: namespace.host });
    names = await serveNames(namespace.host, records, "example", () => undefined, 53, kind);
    web = createServer((_, response) => response.end("you are outside")).listen(0, namespace.host);
    await once(web, "listening");
  });
  const company = givenCompany({
    accessPoints: 0,
    host: () => namespace?.host ?? "127.0.0.1",
    on: () => namespace?.exec ?? ((args) => args),
    ordinary: true,
    prepare: async (site) => {
      const port = await freePort();
      const token = await site.createToken(1);
      const advertise = `${accessPointName}:${port}`;
      await site.startAccessPoint("access-point-1", { token, listen: `${site.host}:${port}`, advertise });
    },
  });
  afterAll(async () => {
    names?.close();
    web?.close();
    await namespace?.remove();
  });

  it("the access point's name resolves", async () => {
    const start = performance.now();
    ({ person, seen } = await company.connected());
    expect(seen.accessPoint?.endpoint).toContain(accessPointName);
    expect(performance.now() - start).toBeLessThan(2 * limit);
  });

  it.each(["SOCKS5", "HTTP"])("a name outside the intranet resolves by %s", async (by) => {
    const proxy = by === "HTTP" ? ["-x", `http://${seen.http}`] : ["--socks5-hostname", `${seen.socks}`];
    const url = `http://${outsideName}:${(web.address() as AddressInfo).port}/`;
    const start = performance.now();
    const done = await person.run(["curl", "-sS", "--max-time", "10", ...proxy, url]);
    expect(done.stdout, done.stderr).toBe("you are outside");
    expect(performance.now() - start).toBeLessThan(limit);
  });

  it("an access point's name that no longer exists is reported as dns_unavailable", async () => {
    await person.disconnect();
    delete records[accessPointName];
    const start = performance.now();
    const { cause } = await person.failure(["connect"], { limit: 60_000 });
    expect(cause).toBe("dns_unavailable");
    expect(performance.now() - start).toBeLessThan(2 * limit);
  });
});
