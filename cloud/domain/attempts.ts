import type { Source } from "../security/address-prefix.ts";
import { type AttemptRules, type Attempts, claim, reserveAll } from "../store/shared/attempts.ts";
import type { Shared } from "../store/shared/shared.ts";

/** 5 failures in a minute are free, then the wait doubles from 1 s to 5 min. */
export const accountRules: AttemptRules = { free: 5, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };
/** TOTP codes: whoever guesses these already has the password, so failures count for an hour. */
const secondFactorRules: AttemptRules = { ...accountRules, windowMs: 3_600_000 };
/** Unknown enterprise codes per host; higher than for passwords, since people mistype codes. */
const codeRules: AttemptRules = { free: 20, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };
/**
 * Failed sign-ins per host, over all names, existing or not; limits password spraying. An office behind one address stays below this,
 * since devices that have signed in before are not counted here.
 */
const hostRules: AttemptRules = { free: 100, windowMs: 3_600_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };
/** Successful sign-ins per account. More than this is a client in a loop, and each one costs the server an argon2 hash. */
const signInRules: AttemptRules = { free: 50, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 60_000 };
/** Dials per device and per account; more than this is a client in a loop. */
const deviceDialRules: AttemptRules = { free: 60, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 60_000 };
const accountDialRules: AttemptRules = { ...deviceDialRules, free: 600 };

/** The limit of a network is this many times the limit of a host. */
const networkFactor = 4;

/** An attempt that was counted before it was made, so that parallel attempts cannot exceed the limit. */
export interface Reservation {
  /** Undoes the reservation: the attempt was not made. */
  cancel(): Promise<void>;
  /** The attempt succeeded: resets the failures of its key. */
  release(): Promise<void>;
}

/**
 * Counts attempts per host and per network. The network's limit keeps a /48 of IPv6 from counting as 65,536 unrelated hosts; it is
 * higher than the host's, so that one host in a /24 does not lock out its neighbours.
 */
export class SourceAttempts {
  readonly #hosts: Attempts;
  readonly #networks: Attempts;

  constructor(name: string, rules: AttemptRules, make: Shared["attempts"]) {
    this.#hosts = make(`${name} of a host`, rules);
    this.#networks = make(`${name} of a network`, { ...rules, free: rules.free * networkFactor });
  }

  /** The counters of a source for `reserveAll`. `subject` is what is attempted, such as a name; "" = all attempts together. */
  of(source: Source, subject = "") {
    const host = claim(this.#hosts, `${subject}|${source.host}`);
    const network = claim(this.#networks, `${subject}|${source.network}`);
    return {
      /** ms to wait before this source may try again. */
      waitFor: async () => Math.max(await host.waitFor(), await network.waitFor()),
      reserve: () => reserveAll(host, network),
      cancel: async () => {
        await host.cancel();
        await network.cancel();
      },
      release: async () => {
        await this.#hosts.release(`${subject}|${source.host}`);
        await this.#networks.release(`${subject}|${source.network}`);
      },
    };
  }
}

/** Counters that limit repeated attempts. */
export interface AttemptCounters {
  /** Failed sign-ins per source and name, existing or not. */
  name: SourceAttempts;
  /** Failed sign-ins per source, with any name. */
  anyName: SourceAttempts;
  /** Unknown enterprise codes per source. */
  code: SourceAttempts;
  /** Requests about forgotten passwords per source and kind: with one name, and with any name. */
  forgotten: SourceAttempts;
  anyForgotten: SourceAttempts;
  /** Failed sign-ins of a device that has signed in before. */
  device: Attempts;
  /** Successful sign-ins per account. */
  signIn: Attempts;
  secondFactor: Attempts;
  deviceDial: Attempts;
  accountDial: Attempts;
}

export function attemptCounters({ attempts }: Shared): AttemptCounters {
  return {
    name: new SourceAttempts("name", accountRules, attempts),
    anyName: new SourceAttempts("any name", hostRules, attempts),
    code: new SourceAttempts("code", codeRules, attempts),
    forgotten: new SourceAttempts("forgotten", accountRules, attempts),
    anyForgotten: new SourceAttempts("any forgotten", codeRules, attempts),
    device: attempts("device", accountRules),
    signIn: attempts("sign-in", signInRules),
    secondFactor: attempts("second factor", secondFactorRules),
    deviceDial: attempts("dial of a device", deviceDialRules),
    accountDial: attempts("dial of an account", accountDialRules),
  };
}
