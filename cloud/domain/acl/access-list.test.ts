import { describe, expect, test } from "vitest";
import type { AclRule } from "../../store/shapes.ts";
import { accessList } from "./access-list.ts";

const row = (more: Partial<AclRule> = {}): AclRule => ({
  id: "acr-1",
  aclId: "acl-1",
  name: "a rule",
  description: "",
  direction: "out",
  policy: "drop",
  priority: 7,
  sourceCidr: "10.90.0.0/24",
  destCidr: "10.0.0.0/8",
  sourcePorts: "-1/-1",
  destPorts: "-1/-1",
  protocol: "ALL",
  type: "LAN",
  dpiGroupIds: "[]",
  dpiSignatureIds: "[]",
  createdAt: 0,
  ...more,
});
const converted = (more: Partial<AclRule>) => accessList([row(more)])[0];

test("the source of an outward rule is the client, that of an inward rule the remote end", () => {
  const both = { protocol: "TCP", sourcePorts: "1/2", destPorts: "3/4" };
  expect(converted({ direction: "out", ...both })).toEqual({
    id: "acr-1",
    name: "a rule",
    direction: "out",
    allow: false,
    priority: 7,
    protocol: "tcp",
    clientPrefix: "10.90.0.0/24",
    clientPorts: { first: 1, last: 2 },
    remotePrefix: "10.0.0.0/8",
    remoteName: "",
    remotePorts: { first: 3, last: 4 },
  });
  expect(converted({ direction: "in", policy: "accept", ...both })).toMatchObject({
    direction: "in",
    allow: true,
    clientPrefix: "10.0.0.0/8",
    clientPorts: { first: 3, last: 4 },
    remotePrefix: "10.90.0.0/24",
    remotePorts: { first: 1, last: 2 },
  });
});

test("a rule about applications matches nothing, because they are not recognised", () => {
  expect(converted({ dpiGroupIds: '["20"]' })).toBeUndefined();
  expect(converted({ dpiSignatureIds: '["1"]' })).toBeUndefined();
});

describe("protocols", () => {
  test.each([
    ["ALL", "any", undefined],
    ["icmp", "icmp", undefined],
    ["GRE", "gre", undefined],
    ["udp", "udp", undefined],
    ["SSH", "tcp", 22],
    ["telnet(23)", "tcp", 23],
    ["HTTPS(8443)", "tcp", 8443],
    ["MS SQL", "tcp", 1433],
    ["MSSQL(1434)", "tcp", 1434],
  ])("%s", (protocol, want, port) => {
    const remotePorts = port === undefined ? undefined : { first: port, last: port };
    expect(converted({ protocol })).toMatchObject({ protocol: want, remotePorts });
  });

  test("the port range of a rule wins over the application's port", () => {
    expect(converted({ protocol: "HTTP(80)", destPorts: "8000/8999" })).toMatchObject({
      remotePorts: { first: 8000, last: 8999 },
    });
  });
});

test("prefixes are canonical, and IPv4-mapped ones are IPv4", () => {
  expect(converted({ destCidr: "fd10:0::/32" })?.remotePrefix).toBe("fd10::/32");
  expect(converted({ destCidr: "::ffff:10.0.0.0/104" })?.remotePrefix).toBe("10.0.0.0/8");
  expect(converted({ destCidr: "::/0" })?.remotePrefix).toBe("::/0");
});
