import { expect, test } from "vitest";
import { systemPingCause } from "./ping.ts";

const output = (line: string): string =>
  `PING 10.0.0.80 (10.0.0.80) 56(84) bytes of data.\n${line}\n\n--- 10.0.0.80 ping statistics ---\n1 packets transmitted, 0 received, +1 errors, 100% packet loss, time 0ms\n`;

test("the system's ping: a refusal by an access list is not taken for a fault of the network", () => {
  for (const [line, cause] of [
    ["From 10.0.0.80 icmp_seq=1 Packet filtered", "target_denied"],
    ["From 10.0.0.80 icmp_seq=1 Destination Net Prohibited", "target_denied"],
    ["From 10.0.0.80 icmp_seq=1 Destination Host Prohibited", "target_denied"],
    ["From fd10::80 icmp_seq=1 Destination unreachable: Administratively prohibited", "target_denied"],
    ["From 10.0.0.1 icmp_seq=1 Destination Host Unreachable", "target_unreachable"],
    ["", "target_timeout"],
  ] as const) {
    expect([line, systemPingCause(1, output(line))]).toEqual([line, cause]);
  }
  expect(systemPingCause(2, "")).toBe("name_not_found");
});
