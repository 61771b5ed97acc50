import type { Source } from "../security/address-prefix.ts";
import { type AttemptRules, type Attempts, claim, reserveAll } from "../store/shared/attempts.ts";
import type { Shared } from "../store/shared/shared.ts";

/** 5 failures in a minute, then 1 s doubling to 5 min. */
export const accountRules: AttemptRules = { free: 5, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };
/** Codes of a second factor: who tries them has the password, so failures count for longer. */
const secondFactorRules: AttemptRules = { ...accountRules, windowMs: 3_600_000 };
/** Codes that do not exist, from one host: people mistype, scanners do it often. */
const codeRules: AttemptRules = { free: 20, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };
/**
 * All failed sign-ins from one host, with whichever names, whether they exist or not: a few passwords tried with many names.
 * An office behind one address has that many in an hour at most, and devices that have signed in before do not count.
 */
const hostRules: AttemptRules = { free: 100, windowMs: 3_600_000, firstWaitMs: 1_000, maxWaitMs: 300_000 };
/** Successful sign-ins of one account: more than this is a script in a loop, and each costs the server an argon2 hash. */
const signInRules: AttemptRules = { free: 50, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 60_000 };
/** Dials of one device, and of all devices of an account: more than this is a script in a loop. */
const deviceDialRules: AttemptRules = { free: 60, windowMs: 60_000, firstWaitMs: 1_000, maxWaitMs: 60_000 };
const accountDialRules: AttemptRules = { ...deviceDialRules, free: 600 };

/** How much more is free to a whole network than to one host in it. */
const networkFactor = 4;

/** An attempt that was counted before it was made. */
export interface Reservation {
  /** It was not made after all. */
  cancel(): Promise<void>;
  /** It succeeded: the key's former failures are forgotten. */
  release(): Promise<void>;
}

/**
 * Counts attempts by where they come from: each host by itself, and all of its network together, so that a /48 of IPv6 is not
 * 65,536 unknown hosts, and a neighbour in a /24 does not shut out all others.
 */
export class SourceAttempts {
  readonly #hosts: Attempts;
  readonly #networks: Attempts;

  constructor(name: string, rules: AttemptRules, make: Shared["attempts"]) {
    this.#hosts = make(`${name} of a host`, rules);
    this.#networks = make(`${name} of a network`, { ...rules, free: rules.free * networkFactor });
  }

  /** What is tried from where; `subject` "" = anything. `reserveAll` takes it. */
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
  /** Failed sign-ins with one name, existing or not, from a source. */
  name: SourceAttempts;
  /** Failed sign-ins with any name from a source. */
  anyName: SourceAttempts;
  /** Codes that do not exist, from a source. */
  code: SourceAttempts;
  /** Requests of one kind about forgotten passwords, from a source: with one name and with any. */
  forgotten: SourceAttempts;
  anyForgotten: SourceAttempts;
  /** Failed sign-ins of a device that has been in before. */
  device: Attempts;
  /** Sign-ins of an account that went well. */
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
