import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { serveNames } from "../harness/intranet/names.ts";
import { domain, portalText, portalUrl } from "../harness/intranet/plan.ts";
import { createNamespace, type Namespace } from "../harness/namespace.ts";
import { needsRoot } from "../harness/needs.ts";
import type { Person, Seen } from "../harness/person.ts";
import { givenCompany } from "./fixture.ts";

/**
 * Observes what leaves the host outside the tunnel: the person's network namespace has only one name server, which
 * records all queries, and one route, which leads to this host.
 */
const isRoot = process.getuid?.() === 0;
let namespace: Namespace;
let web: Server;
let person: Person;
let seen: Seen;
const asked: string[] = [];
const outsideName = "outside.example";

beforeAll(async () => {
  if (!isRoot) return;
  namespace = await createNamespace();
  await serveNames(namespace.host, { [outsideName]: namespace.host }, "example", ({ name }) => asked.push(name), 53);
  web = createServer((_, response) => response.end("you are outside")).listen(0, namespace.host);
  await once(web, "listening");
});
const company = givenCompany({
  host: () => namespace?.host ?? "127.0.0.1",
  on: () => namespace?.exec ?? ((args) => args),
});
beforeAll(async () => {
  if (isRoot) ({ person, seen } = await company.connected());
});
afterAll(async () => {
  web?.close();
  await namespace?.remove();
});
beforeEach(needsRoot);

const outsideUrl = (): string => `http://${outsideName}:${(web.address() as AddressInfo).port}/`;
const bySocks = () => ["--socks5-hostname", `${seen.socks}`];
const byHttp = () => ["-x", `http://${seen.http}`];
const curl = (args: string[]) => person.run(["curl", "-sS", "--max-time", "10", ...args]);
const insideQuestions = (): string[] => asked.filter((name) => name.endsWith(domain));

describe.each([
  ["SOCKS5", bySocks],
  ["HTTP", byHttp],
])("by %s", (_, by) => {
  it("a name of the intranet is resolved through the tunnel and never queried outside", async () => {
    const done = await curl([...by(), portalUrl]);
    expect(done.stdout, done.stderr).toContain(portalText);
    expect(company.site.questions).toContain(new URL(portalUrl).hostname);
    expect(insideQuestions()).toEqual([]);
  });

  it("another name is resolved outside and connected directly", async () => {
    const done = await curl([...by(), outsideUrl()]);
    expect(done.stdout, done.stderr).toBe("you are outside");
    expect(asked).toContain(outsideName);
    expect(company.site.questions).not.toContain(outsideName);
  });

  it("a name that does not exist in the intranet is not queried outside", async () => {
    const done = await curl(["--fail", ...by(), `http://nothing.${domain}/`]);
    expect(done.code).not.toBe(0);
    expect(insideQuestions()).toEqual([]);
  });
});

it("nothing leaves outside the tunnel with --outside refuse", async () => {
  const strict = await company.connected("--outside", "refuse");
  const done = await strict.person.run(["curl", "-sS", "--socks5-hostname", `${strict.seen.socks}`, outsideUrl()]);
  expect(done.code).not.toBe(0);
  const inside = await strict.person.run(["curl", "-sS", "--socks5-hostname", `${strict.seen.socks}`, portalUrl]);
  expect(inside.stdout, inside.stderr).toContain(portalText);
});

it("a name of the intranet is not queried outside when the intranet's name server is down", async () => {
  await company.site.intranet.kill();
  const done = await curl(["--fail", ...bySocks(), `http://portal2.${domain}/`]);
  expect(done.code).not.toBe(0);
  expect(insideQuestions()).toEqual([]);
});
