import { expect, test } from "vitest";
import { matchesName, targetName } from "./names.ts";

test.each([
  ["db.corp.example", "db.corp.example"],
  ["*.Corp.Example.", "*.corp.example"],
  ["_ldap.corp.example", "_ldap.corp.example"],
  ["xn--bro-hoa.example", "xn--bro-hoa.example"],
])("%s is a target name", (text, name) => expect(targetName(text)).toBe(name));

test.each([
  "",
  "*",
  "*.",
  "example",
  "*.*.example",
  "a.*.example",
  "10.0.0.1",
  "10.0.0.0/33",
  "10.0.0",
  "a..example",
  "-a.example",
  "büro.example",
])("%j is no target name", (text) => expect(targetName(text)).toBeUndefined());

test("an asterisk stands for one or more labels", () => {
  expect(matchesName("*.corp.example", "db.corp.example")).toBe(true);
  expect(matchesName("*.corp.example", "a.b.corp.example")).toBe(true);
  expect(matchesName("*.corp.example", "corp.example")).toBe(false);
  expect(matchesName("*.corp.example", "evilcorp.example")).toBe(false);
  expect(matchesName("db.corp.example", "db.corp.example")).toBe(true);
  expect(matchesName("db.corp.example", "a.db.corp.example")).toBe(false);
});
