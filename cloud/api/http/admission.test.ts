import { expect, test } from "vitest";
import { Admission, addressKey, proxiesFrom } from "./admission.ts";
import type { HttpRequest } from "./answers.ts";
import { clientAddress, unreadableOnce } from "./forwarded.ts";

const rules = { total: 6, perAddress: 3, perOwner: 64, incomplete: 2 };
const noProxy = proxiesFrom([]);

test("closes the oldest of an address's connections, but none with a valid token", () => {
  const admission = new Admission<string>(rules, noProxy);
  expect(["a", "b", "c"].flatMap((name) => admission.add(name, "192.0.2.1"))).toEqual([]);
  admission.proven("a", "anna");
  expect(admission.add("d", "192.0.2.1")).toEqual([]);
  expect(admission.add("e", "192.0.2.1")).toEqual(["b"]);
  expect(admission.add("x", "192.0.2.2")).toEqual([]);
  expect(admission.size).toBe(5);
});

test("at the total limit, closes a connection of the address with the most unauthenticated ones, or refuses the new one", () => {
  const admission = new Admission<string>(rules, noProxy);
  for (const name of ["a", "b", "c"]) admission.add(name, "192.0.2.1");
  for (const name of ["x", "y", "z"]) {
    admission.add(name, "192.0.2.2");
    admission.proven(name, `owner of ${name}`);
  }
  expect(admission.add("new", "192.0.2.3")).toEqual(["a"]);
  for (const name of ["b", "c", "new"]) admission.proven(name, `owner of ${name}`);
  expect(admission.add("late", "192.0.2.3")).toEqual(["late"]);
  admission.remove("x");
  expect(admission.add("late", "192.0.2.3")).toEqual([]);
});

test("limits connections per account, more strictly at the total limit", () => {
  const admission = new Admission<string>({ total: 40, perAddress: 100, perOwner: 8, incomplete: 2 }, noProxy);
  const add = (name: string, owner: string, address: string) => [
    ...admission.add(name, address),
    ...admission.proven(name, owner),
  ];
  const ended = Array.from({ length: 20 }, (_, i) => add(`a${i}`, "anna", "192.0.2.1")).flat();
  expect(ended).toEqual(Array.from({ length: 12 }, (_, i) => `a${i}`));
  for (let i = 0; i < 32; i++) expect(add(`o${i}`, `other ${i}`, "192.0.2.2")).toEqual([]);
  expect(add("late", "victim", "192.0.2.3")).toEqual(["a12"]);
  expect(admission.of("anna")).toHaveLength(7);
  // Once a connection has an owner, later tokens do not change it.
  expect(admission.proven("a19", "other 1")).toEqual([]);
  for (const name of admission.of("anna")) admission.remove(name);
  expect([admission.of("anna"), admission.size]).toEqual([[], 33]);
  // A reverse proxy's connection carries requests of many accounts.
  const proxied = new Admission<string>(rules, proxiesFrom(["198.51.100.0/24"]));
  for (const name of ["p", "q", "r", "s"]) {
    proxied.add(name, "198.51.100.7");
    expect(proxied.proven(name, "anna")).toEqual([]);
  }
  expect(proxied.of("anna")).toEqual([]);
});

test("treats an IPv4 address (mapped or not) or a /64 of IPv6 as one address", () => {
  expect(addressKey("::ffff:192.0.2.1")).toBe(addressKey("192.0.2.1"));
  expect(addressKey("2001:db8::1")).toBe(addressKey("2001:db8::ffff:1"));
  expect(addressKey("2001:db8::1")).not.toBe(addressKey("2001:db8:0:1::1"));
});

test("limits incomplete requests per address, except for trusted proxies", () => {
  const admission = new Admission<string>(rules, proxiesFrom(["198.51.100.0/24"]));
  expect([1, 2, 3].map(() => admission.begun("192.0.2.1"))).toEqual([true, true, false]);
  admission.completed("192.0.2.1");
  expect(admission.begun("192.0.2.1")).toBe(true);
  expect([1, 2, 3, 4].map(() => admission.begun("198.51.100.7"))).toEqual([true, true, true, true]);
  expect(["p", "q", "r", "s"].flatMap((name) => admission.add(name, "::ffff:198.51.100.7"))).toEqual([]);
});

test("refuses invalid prefixes", () => {
  for (const text of ["nonsense", "10.0.0.0/33", "10.0.0.0/x", "::/129", "/8", ""]) {
    expect(() => proxiesFrom([text])).toThrow("not an address or a prefix");
  }
});

test.each([
  ["192.0.2.1", "203.0.113.9", "192.0.2.1"],
  ["198.51.100.1", "203.0.113.9", "203.0.113.9"],
  ["198.51.100.1", undefined, "198.51.100.1"],
  // Earlier entries come from the client itself.
  ["198.51.100.1", "8.8.8.8, 203.0.113.9", "203.0.113.9"],
  ["198.51.100.1", "203.0.113.9, 198.51.100.2", "203.0.113.9"],
  ["198.51.100.1", "[2001:db8::1]:443", "2001:db8::1"],
  ["198.51.100.1", "203.0.113.9:4001", "203.0.113.9"],
  ["198.51.100.1", "8.8.8.8:1, 203.0.113.9:4001, 198.51.100.2:443", "203.0.113.9"],
  ["198.51.100.1", "[2001:db8::1]", "2001:db8::1"],
  ["198.51.100.1", "203.0.113.9, unknown", "198.51.100.1"],
])("peer %s with X-Forwarded-For %s is %s", (peer, header, expected) => {
  const request = { socket: { remoteAddress: peer }, headers: { "x-forwarded-for": header } };
  expect(clientAddress(request as unknown as HttpRequest, proxiesFrom(["198.51.100.0/24"]))).toBe(expected);
});

test("logs an entry that is not an address once per proxy", () => {
  const lines: unknown[] = [];
  const unreadable = unreadableOnce((...line) => lines.push(line));
  const from = (peer: string) =>
    clientAddress(
      { socket: { remoteAddress: peer }, headers: { "x-forwarded-for": "unknown" } } as unknown as HttpRequest,
      proxiesFrom(["198.51.100.0/24"]),
      unreadable,
    );
  for (let i = 0; i < 100; i++) expect(from("198.51.100.1")).toBe("198.51.100.1");
  from("198.51.100.2");
  expect(lines).toMatchObject([
    ["warn", expect.any(String), { proxy: "198.51.100.1", entry: "unknown" }],
    ["warn", expect.any(String), { proxy: "198.51.100.2" }],
  ]);
});
