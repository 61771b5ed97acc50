import { expect, it } from "vitest";
import { at } from "../../build/lib/root.ts";
import { must } from "../harness/command.ts";

/** ms. */
const limit = 150;
const late = 2_000;

it("a dial is fast, and never takes WireGuard's 5 s when the access point learns of the peer late", async () => {
  const bench = [at("node_modules/.bin/node"), at("test/bench/main.ts"), "dial", "--short", "--json"];
  const { figures } = JSON.parse(await must(bench, { limit: 55_000 }));
  console.log(JSON.stringify(figures));
  expect(figures.dialToFirstByteMs).toBeLessThan(limit);
  expect(figures.latePeerWorstMs).toBeLessThan(late);
});
