import { expect, test } from "vitest";
import { Secret } from "./secret.ts";
import { fromBase32, hotp, matchingStep, newTotpSecret, stepAt, toBase32, totpUri } from "./totp.ts";

const key = Buffer.from("12345678901234567890");
const secret = new Secret(toBase32(key));

// RFC 6238, appendix B, the rows of SHA-1.
test.each([
  [59, "94287082"],
  [1_111_111_109, "07081804"],
  [1_111_111_111, "14050471"],
  [1_234_567_890, "89005924"],
  [2_000_000_000, "69279037"],
  [20_000_000_000, "65353130"],
])("RFC 6238 at %d s", (seconds, code) => expect(hotp(key, stepAt(seconds * 1_000), 8)).toBe(code));

// RFC 4226, appendix D.
test("RFC 4226", () => {
  const codes = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"];
  expect(codes.map((_, counter) => hotp(key, counter))).toEqual(codes);
});

test.each([
  ["the step before", -1, true],
  ["this step", 0, true],
  ["the step after", 1, true],
  ["two steps before", -2, false],
  ["two steps after", 2, false],
])("%s", (_name, offset, taken) => {
  const now = 1_234_567_890_000;
  const step = stepAt(now) + offset;
  expect(matchingStep(secret, hotp(key, step), now, 0)).toBe(taken ? step : undefined);
});

test("accepts a step once and no earlier one", () => {
  const now = 1_234_567_890_000;
  const step = stepAt(now);
  expect(matchingStep(secret, hotp(key, step), now, step)).toBeUndefined();
  expect(matchingStep(secret, hotp(key, step - 1), now, step)).toBeUndefined();
  expect(matchingStep(secret, hotp(key, step + 1), now, step)).toBe(step + 1);
});

test("accepts codes as people type them, and refuses invalid ones", () => {
  const now = 1_234_567_890_000;
  const code = hotp(key, stepAt(now));
  expect(matchingStep(secret, `${code.slice(0, 3)} ${code.slice(3)}`, now, 0)).toBe(stepAt(now));
  for (const wrong of ["", "12345", "1234567", "abcdef", `${code}0`]) {
    expect(matchingStep(secret, wrong, now, 0)).toBeUndefined();
  }
});

test("base32 round trip; a secret has 160 bits and is redacted when printed", () => {
  expect(toBase32(Buffer.from("foobar"))).toBe("MZXW6YTBOI");
  expect(Buffer.from(fromBase32("MZXW6YTBOI")).toString()).toBe("foobar");
  expect(fromBase32(newTotpSecret().reveal())).toHaveLength(20);
  const uri = totpUri(secret, "Contoso: Ltd & Co", "anna.test");
  expect(`${uri} ${JSON.stringify({ uri })}`).toBe('[redacted] {"uri":"[redacted]"}');
  expect(URL.parse(uri.reveal())?.searchParams.get("issuer")).toBe("Contoso: Ltd & Co");
});
