import { expect, test } from "vitest";
import { parseCidr } from "../../base/ip.ts";
import { type AclRuleFacts, deniesAll } from "./match.ts";

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
