import { expect, test } from "vitest";
import { leaseEnd } from "./dial.ts";

type Given = Parameters<typeof leaseEnd>;

const end = (signIn: { expiresAt: number; instanceEnd: number | null }) =>
  leaseEnd(1_000_000, { policy: { leaseSeconds: 60 } } as Given[1], signIn as Given[2]);

test("a lease ends with the sign-in, and a second after the instance's term, if these end before it", () => {
  expect(end({ expiresAt: 9e9, instanceEnd: null })).toBe(1_060_000);
  expect(end({ expiresAt: 1_030_000, instanceEnd: null })).toBe(1_030_000);
  expect(end({ expiresAt: 9e9, instanceEnd: 1_020_000 })).toBe(1_021_000);
  expect(end({ expiresAt: 9e9, instanceEnd: 9e9 })).toBe(1_060_000);
});
