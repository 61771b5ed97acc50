import { invalid } from "../../base/cause.ts";
import { say } from "../../base/say.ts";

/** Policy that an administrator sets for all clients of an instance. */
export interface InstancePolicy {
  /** Route all traffic through the tunnel, not only the intranet's prefixes. */
  fullTunnel: boolean;
  /** Block all traffic outside the tunnel. */
  lockdown: boolean;
  /** Seconds. */
  leaseSeconds: number;
  /** Lifetime of a sign-in, s. */
  signInSeconds: number;
  devicesPerAccount: number;
  /** Refuse to sign in without a second factor. */
  secondFactorRequired: boolean;
}

export const defaultPolicy: InstancePolicy = {
  fullTunnel: false,
  lockdown: false,
  leaseSeconds: 12 * 3600,
  signInSeconds: 30 * 86_400,
  devicesPerAccount: 3,
  secondFactorRequired: false,
};

const ranges = {
  leaseSeconds: { min: 10, max: 31 * 86_400, word: "lease" },
  signInSeconds: { min: 60, max: 366 * 86_400, word: "sign-in" },
  devicesPerAccount: { min: 1, max: 64, word: "devices" },
} as const;

export function requirePolicy(policy: InstancePolicy): InstancePolicy {
  for (const key of ["leaseSeconds", "signInSeconds", "devicesPerAccount"] as const) {
    const { min, max, word } = ranges[key];
    const value = policy[key];
    if (!Number.isInteger(value) || value < min || value > max) {
      const rule = key === "devicesPerAccount" ? "policy_number" : "policy_seconds";
      throw invalid(word, say(rule, { word, min, max }));
    }
  }
  return policy;
}
