import { createPublicKey, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatPin, pinOf, selfMadeIdentity } from "./certificate.ts";

const day = 86_400_000;

test("is created once, and renewed with the same key when its names change or it expires soon", () => {
  const directory = mkdtempSync(join(tmpdir(), "sag-tls-"));
  const now = Date.now();
  const first = selfMadeIdentity(directory, "127.0.0.1", now);
  const authority = new X509Certificate(readFileSync(join(directory, "tls/ca.pem")));
  const leaf = (identity: typeof first) => new X509Certificate(identity.certificate);
  expect(leaf(first).verify(authority.publicKey)).toBe(true);
  expect(leaf(first).checkIssued(authority)).toBe(true);
  expect([authority.ca, leaf(first).ca]).toEqual([true, false]);
  expect([
    leaf(first).checkIP("127.0.0.1"),
    leaf(first).checkIP("::1"),
    leaf(first).checkHost("localhost"),
  ]).not.toContain(undefined);
  expect(leaf(first).checkHost("vpn.example.com")).toBeUndefined();
  expect(first.pins[0]).toEqual(pinOf(createPublicKey(first.key)));
  expect(formatPin(first.pins[0] ?? new Uint8Array())).toMatch(/^sha256\/[\w-]{43}$/);

  expect(selfMadeIdentity(directory, "127.0.0.1", now + 300 * day).certificate).toBe(first.certificate);
  const renewed = selfMadeIdentity(directory, "127.0.0.1", now + 380 * day);
  expect(renewed.certificate).not.toBe(first.certificate);
  const renamed = selfMadeIdentity(directory, "vpn.example.com", now + 380 * day);
  expect(leaf(renamed).checkHost("vpn.example.com")).toBe("vpn.example.com");
  expect([renewed.pins, renamed.pins]).toEqual([first.pins, first.pins]);
  expect(leaf(renamed).verify(authority.publicKey)).toBe(true);
  rmSync(directory, { recursive: true });
});
