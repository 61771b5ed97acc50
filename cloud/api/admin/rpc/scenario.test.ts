import { describe, expect, test } from "vitest";
import { publishedFields } from "../../../testing/conformance.ts";
import { accountScenario } from "../../../testing/scenario/accounts.ts";
import { instanceScenario } from "../../../testing/scenario/instances.ts";
import { networkScenario } from "../../../testing/scenario/networks.ts";
import { trafficScenario } from "../../../testing/scenario/traffic.ts";
import { seen, wrong } from "../../../testing/scenario/two-tenants.ts";
import { operations } from "./operations/index.ts";
import { unanswered } from "./unanswered.ts";

// All published operations, as two product accounts use them in sequence.
describe("instances", instanceScenario);
describe("accounts and codes", accountScenario);
describe("networks", networkScenario);
describe("QoS and flow logs", trafficScenario);

test("every published operation was called, and every answer had the published shape", () => {
  const published = operations.filter((operation) => operation.product !== "sag").map((operation) => operation.name);
  expect(published.filter((name) => !seen.has(name))).toEqual([]);
  expect(wrong).toEqual([]);
});

test("every published field is answered, or listed as not answered", () => {
  const missing = (action: string) => publishedFields(action).filter((field) => !seen.get(action)?.has(field));
  const published = operations.filter((operation) => operation.product !== "sag").map((operation) => operation.name);
  const found = published.map((action) => [action, missing(action).sort()] as const);
  const listed = published.map(
    (action) =>
      [
        action,
        Object.values(unanswered[action] ?? {})
          .flat()
          .sort(),
      ] as const,
  );
  // Without a list of its own, an operation answers everything.
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(listed));
  expect(Object.keys(unanswered).filter((action) => !published.includes(action))).toEqual([]);
});
