import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TestClock } from "../testing/clock.ts";
import { addressPrefix } from "./address-prefix.ts";
import { AttemptLimiter, accountRules } from "./attempts.ts";
import { hashPassword, makePassword, verifyPassword } from "./passwords.ts";
import { Secret } from "./secret.ts";
import { TokenMint } from "./tokens.ts";

test("a secret prints as nothing", () => {
  const secret = new Secret("hunter2");
  expect([`${secret}`, JSON.stringify({ secret }), inspect({ secret }), String(secret)].join()).not.toContain(
    "hunter2",
  );
  expect(secret.reveal()).toBe("hunter2");
});

test.each([
  ["192.0.2.77", "192.0.2.0/24"],
  ["::ffff:192.0.2.77", "192.0.2.0/24"],
  ["2001:db8:1:23ff::9", "2001:db8:1:2300::/56"],
  ["fe80::1%eth0", "fe80::/56"],
  ["", "unknown"],
])("%s belongs to %s", (remote, prefix) => expect(addressPrefix(remote)).toBe(prefix));

describe("back-off", () => {
  const limiter = () => {
    const clock = new TestClock();
    return { clock, attempts: new AttemptLimiter(accountRules, clock) };
  };
  const fails = (attempts: AttemptLimiter, n: number) => {
    for (let i = 0; i < n; i++) attempts.fail("key");
  };

  test("begins with the fifth failure in a minute, doubles to 5 min, and is forgotten", () => {
    const { clock, attempts } = limiter();
    fails(attempts, 4);
    expect(attempts.waitFor("key")).toBe(0);
    const waits: number[] = [];
    for (let i = 0; i < 11; i++) {
      attempts.fail("key");
      const wait = attempts.waitFor("key");
      waits.push(Math.round(wait / 1_000));
      clock.advance(wait + 1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    clock.advance(600_001);
    fails(attempts, 4);
    expect(attempts.waitFor("key")).toBe(0);
  });

  test("does not begin when they are spread out, nor for others, and success ends it", () => {
    const { clock, attempts } = limiter();
    for (let i = 0; i < 20; i++) {
      attempts.fail("key");
      clock.advance(16_000);
    }
    expect(attempts.waitFor("key")).toBe(0);
    fails(attempts, 6);
    expect([attempts.waitFor("key") > 0, attempts.waitFor("other")]).toEqual([true, 0]);
    attempts.forgive("key");
    expect(attempts.waitFor("key")).toBe(0);
  });
});

describe("tokens", () => {
  const mint = new TokenMint(Buffer.alloc(32, 1));
  const id = "0123456789abcdef".repeat(2);

  test("are read again by who made them, and by nobody else", () => {
    const token = mint.refreshToken(id, 7).reveal();
    expect(mint.readRefreshToken(token)).toEqual({ signInId: id, generation: 7, authentic: true });
    expect(new TokenMint(Buffer.alloc(32, 2)).readRefreshToken(token)?.authentic).toBe(false);
    const access = mint.accessToken(id, 1_000).reveal();
    expect(mint.readAccessToken(access, 1_000 + 899_000)).toBe(id);
    expect(mint.readAccessToken(access, 1_000 + 900_000)).toBeUndefined();
    expect(new TokenMint(Buffer.alloc(32, 2)).readAccessToken(access, 1_000)).toBeUndefined();
  });

  test("a changed character makes it another", () => {
    const access = mint.accessToken(id, 1_000).reveal();
    fc.assert(
      fc.property(fc.nat(access.length - 1), fc.constantFrom(..."0aZ-_."), (at, letter) => {
        const changed = access.slice(0, at) + letter + access.slice(at + 1);
        if (changed !== access) expect(mint.readAccessToken(changed, 1_000)).toBeUndefined();
      }),
    );
  });

  test("nonsense is no token", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(mint.readRefreshToken(text) ?? mint.readAccessToken(text, 0)).toBeUndefined();
      }),
    );
  });
});

test("passwords: verified by what they were hashed with; unknown accounts take the same way", async () => {
  const password = makePassword();
  const hash = await hashPassword(password);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(hash).not.toContain(password.reveal());
  expect(await verifyPassword(password, hash)).toBe(true);
  expect(await verifyPassword(new Secret("another"), hash)).toBe(false);
  expect(await verifyPassword(password, undefined)).toBe(false);
});
