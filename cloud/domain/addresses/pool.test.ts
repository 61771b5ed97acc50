import fc from "fast-check";
import { expect, test } from "vitest";
import { parseCidr } from "../../base/ip.ts";
import { type AddressRecord, chooseAddress, isUsable } from "./pool.ts";

const cidrsOf = (...texts: string[]) => texts.flatMap((text) => parseCidr(text) ?? []);
const holdMs = 24 * 3_600_000;

/** Simulates dials and hang-ups over time, as the store records them. */
function play(
  steps: readonly { device: number; action: "dial" | "hangUp" | "confirm" | "wait"; ms: number }[],
  block: string,
) {
  const cidrs = cidrsOf(block);
  const reserved = new Set(["10.0.0.5"]);
  const records = new Map<string, AddressRecord>();
  const leaseMs = 3_600_000;
  let now = 0;
  for (const { device, action, ms } of steps) {
    const holder = `device ${device}`;
    const own = [...records.values()].find((r) => r.inUse && r.holder === holder);
    if (action === "wait") now += ms;
    if (action === "hangUp" && own)
      Object.assign(own, { inUse: false, heldUntil: now + holdMs, blockedUntil: now + leaseMs });
    if (action === "confirm") for (const r of records.values()) if (!r.inUse) r.blockedUntil = 0;
    if (action !== "dial" || own) continue;
    const list = [...records.values()];
    const ip = chooseAddress({ cidrs, records: list, reserved, holder, now });
    if (ip === undefined) {
      // The pool is exhausted only if each address is in use, reserved, or may still belong to another device's peer.
      const free = allOf(block).filter((a) => {
        const r = records.get(a);
        return !reserved.has(a) && !(r && (r.inUse || (r.blockedUntil > now && r.holder !== holder)));
      });
      expect(free).toEqual([]);
      continue;
    }
    const former = records.get(ip);
    expect(isUsable(cidrs, ip)).toBe(true);
    expect(reserved.has(ip)).toBe(false);
    expect(former?.inUse ?? false).toBe(false);
    if (former && former.holder !== holder) expect(former.blockedUntil).toBeLessThanOrEqual(now);
    const held = list.filter((r) => r.holder === holder && r.heldUntil > now);
    if (held.length > 0) expect(held.map((r) => r.ip)).toContain(ip);
    records.set(ip, { ip, holder, inUse: true, heldUntil: 0, blockedUntil: 0 });
  }
}

function allOf(block: string): string[] {
  const hosts = 2 ** (32 - Number(block.split("/")[1])) - 2;
  return Array.from({ length: hosts }, (_, i) => `10.0.0.${i + 1}`);
}

test("never assigns an address twice or before its removal was confirmed, and reserves addresses for their devices", () => {
  const step = fc.record({
    device: fc.integer({ min: 0, max: 9 }),
    action: fc.constantFrom("dial" as const, "dial" as const, "hangUp" as const, "confirm" as const, "wait" as const),
    ms: fc.integer({ min: 0, max: holdMs }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom("10.0.0.0/29", "10.0.0.0/30", "10.0.0.0/28"), play),
    { numRuns: 300 },
  );
});

test("never assigns network, broadcast or foreign addresses", () => {
  const cidrs = cidrsOf("10.0.0.0/30", "10.0.1.0/24");
  expect(["10.0.0.0", "10.0.0.3", "10.0.2.1", "nonsense"].map((ip) => isUsable(cidrs, ip))).toEqual([
    false,
    false,
    false,
    false,
  ]);
  expect(["10.0.0.1", "10.0.0.2", "10.0.1.254"].map((ip) => isUsable(cidrs, ip))).toEqual([true, true, true]);
});

test("uses the second block when the first is full, and handles large blocks quickly", () => {
  const taken = ["10.0.0.1", "10.0.0.2"].map((ip) => ({
    ip,
    holder: "other",
    inUse: true,
    heldUntil: 0,
    blockedUntil: 0,
  }));
  const ask = { records: taken, reserved: new Set<string>(), holder: "mine", now: 0 };
  expect(chooseAddress({ ...ask, cidrs: cidrsOf("10.0.0.0/30", "11.0.0.0/8") })).toBe("11.0.0.1");
});

test("takes the address whose reservation ends first if all are reserved", () => {
  const records = [
    { ip: "10.0.0.1", holder: "a", inUse: false, heldUntil: 200, blockedUntil: 0 },
    { ip: "10.0.0.2", holder: "b", inUse: false, heldUntil: 100, blockedUntil: 0 },
  ];
  const ask = { cidrs: cidrsOf("10.0.0.0/30"), records, reserved: new Set<string>(), now: 0 };
  expect(chooseAddress({ ...ask, holder: "c" })).toBe("10.0.0.2");
  expect(chooseAddress({ ...ask, holder: "a" })).toBe("10.0.0.1");
});
