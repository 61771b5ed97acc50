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
  /** Mbit/s in each direction, of all clients together; 0 = no limit. */
  bandwidth: number;
}

export const defaultPolicy: InstancePolicy = {
  fullTunnel: false,
  lockdown: false,
  leaseSeconds: 12 * 3600,
  signInSeconds: 30 * 86_400,
  devicesPerAccount: 3,
  secondFactorRequired: false,
  bandwidth: 0,
};

/** s. */
const banRange = { min: 1, max: 366 * 86_400 };

/** Checks the duration of a ban, s. */
export function requireBan(seconds: number): number {
  requireDuration("ban", seconds, banRange);
  return seconds;
}

function requireDuration(word: string, seconds: number, { min, max }: { min: number; max: number }): void {
  if (Number.isInteger(seconds) && seconds >= min && seconds <= max) return;
  throw invalid(word, say("policy_duration", { word, min: typed(min), max: typed(max) }));
}

const ranges = {
  leaseSeconds: { min: 10, max: 31 * 86_400, word: "lease" },
  signInSeconds: { min: 60, max: 366 * 86_400, word: "sign-in" },
  devicesPerAccount: { min: 1, max: 64, word: "devices" },
  bandwidth: { min: 0, max: 10_000, word: "bandwidth" },
} as const;

/** A duration, s, as the options of sagctl take it. */
function typed(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

export function requirePolicy(policy: InstancePolicy): InstancePolicy {
  for (const key of ["leaseSeconds", "signInSeconds"] as const)
    requireDuration(ranges[key].word, policy[key], ranges[key]);
  for (const key of ["devicesPerAccount", "bandwidth"] as const) {
    const { min, max, word } = ranges[key];
    const value = policy[key];
    if (!Number.isInteger(value) || value < min || value > max) {
      throw invalid(word, say("policy_number", { word, min, max }));
    }
  }
  return policy;
}
