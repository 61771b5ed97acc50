import { describe, expect, test } from "vitest";
import { Refusal } from "../../base/cause.ts";
import { parseCidr } from "../../base/ip.ts";
import { requireBandwidth, requireClientIp, requireMail, requirePassword, requireUserName } from "./account.ts";
import { requireRoute } from "./inside.ts";
import { requireCidr, requireCode, requireDomain, requireInstanceName } from "./instance.ts";
import { defaultPolicy, requirePolicy } from "./policy.ts";
import { portsFault } from "./ports.ts";
import { parseTime } from "./times.ts";

const cidrs = (...texts: string[]) => texts.flatMap((text) => parseCidr(text) ?? []);
const policy = (change: object) => requirePolicy({ ...defaultPolicy, ...change });

/** Each documented limit: values that are accepted, and values just beyond. */
const edges: [string, (value: never) => unknown, unknown[], unknown[]][] = [
  [
    "user name",
    requireUserName,
    ["a".repeat(7), "a".repeat(33), "0_@.-aB"],
    ["a".repeat(6), "a".repeat(34), "_bcdefg", "abcdef g", "abcdefä"],
  ],
  [
    "mail",
    requireMail,
    ["a@", `${"a".repeat(62)}@b`],
    ["a", "@".repeat(2), "ab", `${"a".repeat(63)}@b`, "a b@c", "a@b\n"],
  ],
  [
    "password",
    requirePassword,
    ["a".repeat(8), "a".repeat(32), "0_@-.abc"],
    ["a".repeat(7), "a".repeat(33), "-abcdefg", "abcdefg!", "abcdefg\n"],
  ],
  ["bandwidth", requireBandwidth, [0, 1, 20_000], [-1, 20_001, 1.5, Number.NaN]],
  ["code", requireCode, ["AB12C", "abcde", "00000"], ["ABCD", "ABCDEF", "AB-CD", "ABCDÉ"]],
  [
    "instance name",
    requireInstanceName,
    ["ab", "a".repeat(128), "名字"],
    ["a", "a".repeat(129), "a\nb", "a\u202e\u2028b"],
  ],
  [
    "block",
    (text: never) => requireCidr(text, cidrs("10.0.0.0/24")),
    ["10.0.1.0/24", "172.16.0.0/12", "10.1.0.0/30"],
    [
      "10.0.0.0/25",
      "10.0.0.0/8",
      "10.1.0.0/31",
      "12.0.0.0/7",
      "10.0.1.1/24",
      "fd00::/48",
      "127.0.0.0/8",
      "169.254.1.0/24",
      "224.0.0.0/8",
    ],
  ],
  ["route", requireRoute, ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"], ["0.0.0.0/0", "::/0", "10.0.0.1/8", "10.0.0.0"]],
  [
    "domain",
    requireDomain,
    ["corp.example", "Corp.Example.", "_tcp.x", "a", "büro.example", "例え.test"],
    ["", ".", "bü ro.example", "\u0000.example", "a..b", "-a.b", "a b", `${"a".repeat(64)}.b`, "*.corp"],
  ],
  ["lease", (leaseSeconds: never) => policy({ leaseSeconds }), [10, 31 * 86_400], [9, 31 * 86_400 + 1, 10.5]],
  ["sign-in", (signInSeconds: never) => policy({ signInSeconds }), [60, 366 * 86_400], [59, 366 * 86_400 + 1]],
  ["devices", (devicesPerAccount: never) => policy({ devicesPerAccount }), [1, 64], [0, 65]],
  [
    "fixed address",
    (ip: never) => requireClientIp(ip, cidrs("10.0.0.0/24")),
    ["10.0.0.1", "10.0.0.254"],
    ["10.0.0.0", "10.0.0.255", "10.0.1.1", "x", "fd00::1"],
  ],
];

describe.each(edges)("%s", (_name, require_, accepted, refused) => {
  test.each(accepted)("accepts %j", (value) => {
    require_(value as never);
  });
  test.each(refused)("refuses %j", (value) => {
    expect(() => require_(value as never)).toThrow(Refusal);
  });
});

test("domains with non-ASCII letters are stored as punycode", () => {
  expect(requireDomain("Büro.Example.")).toBe("xn--bro-hoa.example");
  expect(requireDomain("例え.test")).toBe("xn--r8jz45g.test");
});

test("codes are case-insensitive", () => expect(requireCode("ab1cd")).toBe("AB1CD"));

test("accepts ten blocks and refuses an eleventh", () => {
  const ten = cidrs(...Array.from({ length: 10 }, (_, i) => `10.${i}.0.0/16`));
  expect(() => requireCidr("192.168.0.0/16", ten)).toThrow("at most 10");
});

test("times of the published API have a date, a time and a zone", () => {
  const at = Date.parse("2026-07-14T08:41:33Z");
  for (const text of ["2026-07-14T16:41:33+0800", "2026-07-14T16:41:33+08:00", "2026-07-14T08:41:33Z"]) {
    expect(parseTime(text), text).toBe(at);
  }
  for (const text of [
    ...["", "2026-07-14", "2026-07-14T16:41:33", "2026-07-14 16:41:33Z", "2026-07-14T16:41:33.5Z", "1752482493"],
    ...["2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-07-14T24:00:01Z", "2026-07-14T10:60:00Z"],
    ...["2026-07-14T16:41:33+0860", "x2026-07-14T08:41:33Z", "2026-07-14T08:41:33Z\n"],
  ]) {
    expect(parseTime(text), text).toBeUndefined();
  }
  expect(parseTime("2028-02-29T23:30:00-0800")).toBe(Date.parse("2028-03-01T07:30:00Z"));
});

test("port ranges are within 1-65535 or -1/-1, and only protocols with ports have them", () => {
  for (const range of ["-1/-1", "1/65535", "80/80", "1/2"]) expect(portsFault(range, "tcp"), range).toBeUndefined();
  for (const range of ["", "80", "0/1", "1/65536", "9/8", "-1/1", "1/-1", "01/2", "1/2/3", "a/b", "1 / 2", "1/2\n"]) {
    expect(portsFault(range, "TCP"), range).toBe("form");
  }
  for (const protocol of ["ALL", "icmp", "GRE"]) {
    expect(portsFault("-1/-1", protocol)).toBeUndefined();
    expect(portsFault("1/65535", protocol)).toBe("protocol");
  }
});

test("a refused user name: the character that is not allowed is named", () => {
  for (const [name, character] of [
    ["jörg.müller", "ö"],
    ["jo\u0308rg.mueller", "ö"],
    ["anna test", " "],
  ] as const) {
    expect(() => requireUserName(name)).toThrow(`The character "${character}" is not allowed in a user name.`);
  }
  for (const name of ["anna", "_anna.test", "anna.te\u0007st"]) {
    expect(() => requireUserName(name)).toThrow("A user name has 7 to 33 letters from A to Z, digits");
  }
});
