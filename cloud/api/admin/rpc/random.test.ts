import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { RegionId, startTwoAccounts } from "../../../testing/two-accounts.ts";
import { operations } from "./operations/index.ts";
import { productVersions } from "./protocol/operation.ts";
import { unsupportedNames } from "./unsupported.ts";

/** "@0", "@1" … in random requests stand for `ids`. */
const { server, raw, ids, secrets, close } = await startTwoAccounts();
afterAll(close);

/** Number of random requests; the soak test runs many more. */
const runs = Number(process.env.SAG_RANDOM_REQUESTS ?? 1_000);

const value = fc.oneof(
  fc.string({ maxLength: 40, unit: "binary" }).map((text) => text.toWellFormed()),
  fc.constantFrom(
    RegionId,
    "true",
    "0",
    "-1",
    "1e9",
    "9007199254740993",
    "10.0.0.0/8",
    "' OR 1=1 --",
    "\u0000",
    "ccn-cn-shanghai",
    "x".repeat(600),
  ),
  fc.integer().map(String),
  fc.nat(ids.length - 1).map((n) => `@${n}`),
);
const anyCall = fc.constantFrom(...operations).chain((operation) => {
  const names = Object.keys(operation.parameters);
  const name = names.length === 0 ? fc.constant("X") : fc.constantFrom(...names);
  const listed = fc
    .tuple(name, fc.constantFrom("", ".1", ".2", ".1.Key", ".1.Value.1", ".0", ".x", ".99999999999"))
    .map((p) => p.join(""));
  const fields = fc.dictionary(fc.oneof({ weight: 3, arbitrary: name }, { weight: 1, arbitrary: listed }), value, {
    maxKeys: 12,
  });
  const likely = fc.boolean().map((region) => (region && names.includes("RegionId") ? { RegionId } : {}));
  return fc.tuple(fc.constant(operation), fields, likely).map(([op, given, more]) => ({
    action: op.name,
    version: productVersions[op.product],
    fields: { ...given, ...more },
  }));
});

test(`${runs} random requests: no internal error, nothing of another account`, {
  timeout: 600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(anyCall, async (call) => {
      const fields = Object.fromEntries(
        Object.entries(call.fields).map(([name, text]) => [
          name,
          text.replace(/^@(\d+)$/, (_, n) => ids[Number(n)] ?? ""),
        ]),
      );
      const answer = await raw.ask({ ...call, fields });
      expect(answer.status, `${JSON.stringify(call)} ${answer.text}`).toBeLessThan(500);
      for (const secret of secrets) expect(answer.text).not.toContain(secret);
    }),
    { numRuns: runs },
  );
  expect(server.lines.filter((line) => line.level === "error")).toEqual([]);
  expect(unsupportedNames.length).toBeGreaterThan(0);
});
