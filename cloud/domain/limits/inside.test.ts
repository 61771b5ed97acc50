import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Refusal } from "../../base/cause.ts";
import { requireDnsServer, requireRoute, requireShare } from "./inside.ts";

/** The list of cases is shared with the tests of native/internal/session. */
const { routes, servers } = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../../proto/limits/inside.json`, "utf8"),
) as {
  routes: { accepted: string[]; refused: string[]; refusedTogether: string[][] };
  servers: { accepted: string[]; refused: string[] };
};

describe("addresses of an intranet", () => {
  test.each(routes.accepted)("route %s", (text) => expect(requireRoute(text)).toBe(text));
  test.each(routes.refused)("refuses route %s and names it", (text) => {
    expect(() => requireRoute(text)).toThrow(Refusal);
    expect(() => requireRoute(text)).toThrow(text);
  });
  test("refuses routes that together amount to a default route", () => {
    for (const together of routes.refusedTogether) {
      for (const text of together) requireRoute(text);
      expect(() => requireShare(together)).toThrow("default route");
    }
    requireShare(routes.accepted);
  });
  test.each(servers.accepted)("name server %s", (text) => expect(requireDnsServer(text)).toBe(text));
  test.each(servers.refused)("refuses name server %s and names it", (text) =>
    expect(() => requireDnsServer(text)).toThrow(text),
  );
});
