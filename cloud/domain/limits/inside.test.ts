import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Refusal } from "../../base/cause.ts";
import { requireDnsServer, requireRoute, requireShare } from "./inside.ts";

/** The list that native/internal/session is tested with too. */
const { routes, servers } = JSON.parse(
  readFileSync(`${import.meta.dirname}/../../../proto/limits/inside.json`, "utf8"),
) as {
  routes: { accepted: string[]; refused: string[]; refusedTogether: string[][] };
  servers: { accepted: string[]; refused: string[] };
};

describe("what may be inside an intranet", () => {
  test.each(routes.accepted)("route %s", (text) => expect(requireRoute(text)).toBe(text));
  test.each(routes.refused)("no route: %s, which is named", (text) => {
    expect(() => requireRoute(text)).toThrow(Refusal);
    expect(() => requireRoute(text)).toThrow(text);
  });
  test("each may be a route, but not all of them together", () => {
    for (const together of routes.refusedTogether) {
      for (const text of together) requireRoute(text);
      expect(() => requireShare(together)).toThrow("default route");
    }
    requireShare(routes.accepted);
  });
  test.each(servers.accepted)("name server %s", (text) => expect(requireDnsServer(text)).toBe(text));
  test.each(servers.refused)("no name server: %s, which is named", (text) =>
    expect(() => requireDnsServer(text)).toThrow(text),
  );
});
