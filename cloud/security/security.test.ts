import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sourceOf } from "./address-prefix.ts";
import { hashPassword, makePassword, verifyPassword } from "./passwords.ts";
import { Secret } from "./secret.ts";
import { TokenMint } from "./tokens.ts";

test("a secret is redacted when printed", () => {
  const secret = new Secret("hunter2");
  expect([`${secret}`, JSON.stringify({ secret }), inspect({ secret }), String(secret)].join()).not.toContain(
    "hunter2",
  );
  expect(secret.reveal()).toBe("hunter2");
});

test.each([
  ["192.0.2.77", "192.0.2.77/32", "192.0.2.0/24"],
  ["::ffff:192.0.2.77", "192.0.2.77/32", "192.0.2.0/24"],
  ["2001:db8:1:23ff::9", "2001:db8:1:23ff::/64", "2001:db8:1::/48"],
  ["fe80::1%eth0", "fe80::/64", "fe80::/48"],
  ["", "unknown", "unknown"],
])("%s is of host %s and network %s", (remote, host, network) => expect(sourceOf(remote)).toEqual({ host, network }));

describe("tokens", () => {
  const mint = new TokenMint(Buffer.alloc(32, 1));
  const id = "0123456789abcdef".repeat(2);

  test("are accepted only by the mint that made them", () => {
    const token = mint.refreshToken(id, 7).reveal();
    expect(mint.readRefreshToken(token)).toEqual({ signInId: id, generation: 7, authentic: true });
    expect(new TokenMint(Buffer.alloc(32, 2)).readRefreshToken(token)?.authentic).toBe(false);
    const access = mint.accessToken(id, 1_000).reveal();
    expect(mint.readAccessToken(access, 1_000 + 899_000)).toBe(id);
    expect(mint.readAccessToken(access, 1_000 + 900_000)).toBeUndefined();
    expect(new TokenMint(Buffer.alloc(32, 2)).readAccessToken(access, 1_000)).toBeUndefined();
  });

  test("are refused with a changed character", () => {
    const access = mint.accessToken(id, 1_000).reveal();
    fc.assert(
      fc.property(fc.nat(access.length - 1), fc.constantFrom(..."0aZ-_."), (at, letter) => {
        const changed = access.slice(0, at) + letter + access.slice(at + 1);
        if (changed !== access) expect(mint.readAccessToken(changed, 1_000)).toBeUndefined();
      }),
    );
  });

  test("refuses invalid tokens", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(mint.readRefreshToken(text) ?? mint.readAccessToken(text, 0)).toBeUndefined();
      }),
    );
  });
});

test("passwords match their hash; unknown accounts take the same time", async () => {
  const password = makePassword();
  const hash = await hashPassword(password);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(hash).not.toContain(password.reveal());
  expect(await verifyPassword(password, hash)).toBe(true);
  expect(await verifyPassword(new Secret("another"), hash)).toBe(false);
  expect(await verifyPassword(password, undefined)).toBe(false);
});
