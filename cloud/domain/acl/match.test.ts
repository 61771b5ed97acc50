import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseCidr, parseIp } from "../../base/ip.ts";
import type { AclRule } from "../../store/shapes.ts";
import { accessList } from "./access-list.ts";
import { type AclRuleFacts, decidingRule, deniesAll, type Flow } from "./match.ts";

const cidr = (text: string) => {
  const parsed = parseCidr(text);
  if (!parsed) throw new Error(text);
  return parsed;
};
const rule = (more: Partial<AclRuleFacts> = {}): AclRuleFacts => ({
  direction: "out",
  policy: "drop",
  priority: 1,
  sourceCidr: "0.0.0.0/0",
  destCidr: "10.0.0.0/8",
  sourcePorts: "-1/-1",
  destPorts: "-1/-1",
  protocol: "ALL",
  ...more,
});
const clients = [cidr("10.86.0.0/24")];

const table: [string, AclRuleFacts[], boolean][] = [
  ["no rule", [], false],
  ["all dropped", [rule()], true],
  ["only TCP dropped", [rule({ protocol: "TCP" })], false],
  ["one port dropped", [rule({ destPorts: "80/80" })], false],
  ["every port by number", [rule({ destPorts: "1/65535" })], true],
  ["part of the network dropped", [rule({ destCidr: "10.50.1.0/24" })], false],
  ["some clients dropped", [rule({ sourceCidr: "10.86.0.0/25" })], false],
  ["inward only", [rule({ direction: "in" })], false],
  ["let in before", [rule({ priority: 2 }), rule({ policy: "accept", destCidr: "10.50.1.0/24" })], false],
  ["let in after", [rule(), rule({ policy: "accept", priority: 2 })], true],
  [
    "somebody else let in before",
    [rule({ priority: 2 }), rule({ policy: "accept", sourceCidr: "10.99.0.0/16" })],
    true,
  ],
];
for (const [what, rules, denied] of table) {
  test(what, () => expect(deniesAll(rules, clients, cidr("10.50.0.0/16"))).toBe(denied));
}

const noApplications = { dpiGroupIds: "[]", dpiSignatureIds: "[]" };

/** The cases that access points are tested with. */
const cases = JSON.parse(
  readFileSync(new URL("../../../native/internal/datapath/acl/testdata/cases.json", import.meta.url), "utf8"),
) as {
  name: string;
  allowed: boolean;
  /** Position of the deciding rule, -1 = none. */
  by: number;
  flow: {
    direction: "out" | "in";
    protocol: string;
    source: string;
    dest: string;
    sourcePort: number;
    destPort: number;
  };
  rules: (AclRuleFacts & { priority: number })[];
}[];

describe("decides as access points do", () => {
  test.each(cases)("$name", ({ allowed, by, flow, rules }) => {
    const list = accessList(
      rules.map((facts, index) => ({ ...facts, ...noApplications, id: String(index), name: "" }) as AclRule),
    );
    const { direction, source, dest, sourcePort, destPort } = flow;
    const name = flow.protocol.toLowerCase();
    const remote = parseIp(direction === "out" ? dest : source);
    if (!remote) throw new Error("no address");
    const rule = decidingRule(list, {
      direction,
      protocol: name === "sctp" ? "other" : (name as Flow["protocol"]),
      clients: [cidr("10.90.0.2/32"), cidr("fd00:5a9::2/128")],
      remote,
      names: [],
      remotePort: direction === "out" ? destPort : sourcePort,
      clientPort: direction === "out" ? sourcePort : destPort,
    });
    expect(rule?.id ?? "-1").toBe(String(by));
    expect(rule?.allow ?? true).toBe(allowed);
  });
});
