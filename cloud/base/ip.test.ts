import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contains, formatCidr, formatIp, overlaps, parseCidr, parseIp, sizeOf } from "./ip.ts";

const v4 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ version: 4 as const, value }));
const v6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => ({ version: 6 as const, value }));

describe("addresses", () => {
  test("formats what it parsed", () => {
    fc.assert(
      fc.property(fc.oneof(v4, v6), (ip) => {
        expect(parseIp(formatIp(ip))).toEqual(ip);
      }),
    );
  });

  test.each([
    ["::", "::"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["::ffff:10.0.0.1", "::ffff:a00:1"],
    ["2001:DB8::1", "2001:db8::1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
  ])("%s is %s", (text, canonical) => {
    const ip = parseIp(text);
    expect(ip && formatIp(ip)).toBe(canonical);
  });

  test.each([
    "",
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4.5",
    ":::",
    "1:2",
    "12345::",
    "1::2::3",
    "fe80::1%eth0",
    "10.0.0.1/8",
  ])("%j is not an address", (text) => expect(parseIp(text)).toBeUndefined());
});

describe("prefixes", () => {
  test.each(["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0", "::/129", "/8"])("%j is not a prefix", (text) =>
    expect(parseCidr(text)).toBeUndefined(),
  );

  const cidr = fc.tuple(v4, fc.integer({ min: 0, max: 32 })).map(([ip, mask]) => {
    const size = 1n << BigInt(32 - mask);
    return { version: 4 as const, first: (ip.value / size) * size, mask };
  });

  test("prefixes overlap if they share an address", () => {
    fc.assert(
      fc.property(cidr, cidr, (a, b) => {
        expect(parseCidr(formatCidr(a))).toEqual(a);
        const first = { version: 4 as const, value: a.first > b.first ? a.first : b.first };
        expect(overlaps(a, b)).toBe(contains(a, first) && contains(b, first));
        expect(contains(a, { version: 4, value: a.first + sizeOf(a) })).toBe(false);
      }),
    );
  });
});
