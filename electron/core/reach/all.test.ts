import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import type { IntranetState, SessionView } from "../client/model.ts";
import { combine } from "./all.ts";

const part = (intranet: string, port: number, session: Partial<SessionView>) => ({
  intranet,
  socks: `127.0.0.1:${port}`,
  http: `127.0.0.1:${port + 1}`,
  session: {
    routes: [],
    dnsServers: ["10.0.0.53"],
    dnsDomains: [],
    dnsSearchDomains: [],
    ...session,
  } as unknown as IntranetState["session"],
});

const number = (address: string): number => address.split(".").reduce((sum, one) => sum * 256 + Number(one), 0);
const outside: Record<string, string> = { "rds.example.test": "10.2.0.90", "six.example.test": "fd00::1" };
const asked: string[] = [];
const browser = {
  dnsResolve: (host: string) => {
    asked.push(host);
    return outside[host] ?? null;
  },
  isInNet: (host: string, net: string, mask: string) => {
    if (!/^[0-9.]+$/.test(host)) throw new Error(`it would resolve ${host}`);
    return (number(host) & number(mask)) >>> 0 === (number(net) & number(mask)) >>> 0;
  },
};
const ask = (pac: string, host: string): string =>
  runInNewContext(`${pac}; FindProxyForURL("", ${JSON.stringify(host)})`, browser).split(";")[0];

const alpha = part("alpha", 1000, {
  routes: ["10.1.0.0/16", "10.9.0.0/24"],
  dnsDomains: ["alpha.test", "shared.test"],
});
const beta = part("beta", 2000, {
  routes: ["10.2.0.0/16", "10.9.0.0/24"],
  dnsDomains: ["beta.test", "shared.test", "x.alpha.test"],
});
const [toAlpha, toBeta, nowhere] = ["SOCKS5 127.0.0.1:1000", "SOCKS5 127.0.0.1:2000", "PROXY 127.0.0.1:9"];

it("sends names and addresses to the intranet that owns them, and blocks what two intranets claim", () => {
  const { pac, overlaps } = combine([alpha, beta]);
  const hosts = ["www.alpha.test", "BETA.test.", "a.x.alpha.test", "10.1.2.3", "10.2.2.3", "example.test", "192.0.2.1"];
  expect(hosts.map((host) => ask(pac, host))).toEqual([toAlpha, toBeta, toBeta, toAlpha, toBeta, "DIRECT", "DIRECT"]);
  expect(["www.shared.test", "10.9.0.1"].map((host) => ask(pac, host))).toEqual([nowhere, nowhere]);
  expect(overlaps).toEqual([
    { what: "shared.test", intranets: ["alpha", "beta"] },
    { what: "10.9.0.0/24", intranets: ["alpha", "beta"] },
  ]);
});

it("treats a range inside another one as claimed by both", () => {
  const wide = part("wide", 3000, { routes: ["10.0.0.0/8"], dnsDomains: ["wide.test"] });
  const { pac, overlaps } = combine([alpha, wide]);
  expect(["10.200.0.1", "10.1.0.1", "10.9.0.9"].map((host) => ask(pac, host))).toEqual([
    "SOCKS5 127.0.0.1:3000",
    nowhere,
    nowhere,
  ]);
  expect(overlaps.map((one) => one.what)).toEqual(["10.9.0.0/24", "10.1.0.0/16"]);
});

it("sends all other names to an intranet that resolves all names", () => {
  const { pac, overlaps } = combine([alpha, part("all", 4000, {})]);
  expect(["www.alpha.test", "example.test"].map((host) => ask(pac, host))).toEqual([toAlpha, "SOCKS5 127.0.0.1:4000"]);
  expect(overlaps).toEqual([]);
  expect(combine([part("a", 1, {}), part("b", 3, {})]).overlaps).toEqual([{ what: "*", intranets: ["a", "b"] }]);
});

it("sends an unclaimed name to the intranet of its address, and never resolves an intranet's name in the browser", () => {
  asked.length = 0;
  const { pac } = combine([alpha, beta]);
  const hosts = ["rds.example.test", "six.example.test", "nothing.test", "www.alpha.test", "www.shared.test"];
  expect(hosts.map((host) => ask(pac, host))).toEqual([toBeta, "DIRECT", "DIRECT", toAlpha, nowhere]);
  expect(asked).toEqual(["rds.example.test", "six.example.test", "nothing.test"]);
});

it("sends short names to the intranet with search domains", () => {
  asked.length = 0;
  const completing = part("gamma", 5000, { dnsDomains: ["gamma.test"], dnsSearchDomains: ["gamma.test"] });
  expect(ask(combine([alpha, completing]).pac, "payroll")).toBe("SOCKS5 127.0.0.1:5000");
  expect(ask(combine([alpha]).pac, "payroll")).toBe(toAlpha);
  const both = combine([completing, part("delta", 6000, { dnsDomains: ["d.test"], dnsSearchDomains: ["d.test"] })]);
  expect(ask(both.pac, "payroll")).toBe(nowhere);
  expect(both.overlaps).toEqual([{ what: "short names", intranets: ["gamma", "delta"] }]);
  expect(asked).toEqual([]);
});

it("equals the intranet's own PAC file if there is only one, and quotes all values", () => {
  const { pac } = combine([part("evil", 1000, { dnsDomains: ['"); throw 1; ("', "</script>"] })]);
  expect(ask(pac, "example.test")).toBe("DIRECT");
  expect(pac).not.toContain("</script>");
});
