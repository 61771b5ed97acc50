import type { P } from "../../../types.ts";

/** Rules of client accounts. */
export const accountRules = {
  "user-name-form":
    "A user name has 7 to 33 letters from A to Z, digits or any of _ @ . - and begins with a letter or a digit.",
  "user-name-character": ({ character }: P<"character">) =>
    `The character "${character}" is not allowed in a user name. Use letters from A to Z, digits and _ @ . -`,
  "mail-as-user-name":
    "Without UserName the mail address is the user name, and this one cannot be: a user name has 7 to 33 letters from A to Z, digits or any of _ @ . - and begins with a letter or a digit. Give UserName and Password.",
  "mail-form": "A mail address has 2 to 64 characters with one @ and no spaces.",
  "password-form":
    "A password has 8 to 32 letters from A to Z, digits or any of _ @ - . and begins with a letter or a digit.",
  "bandwidth-range": ({ min, most }: P<"min" | "most">) => `A bandwidth is ${min} to ${most} Kbit/s.`,
  "bandwidth-range-or-none": ({ min, most }: P<"min" | "most">) =>
    `A bandwidth is ${min} to ${most} Kbit/s, or 0 for no cap.`,
  "client-ip-form": ({ address }: P<"address">) => `${address} is not an IPv4 address.`,
  "client-ip-outside": ({ address }: P<"address">) => `${address} is in none of the instance's address blocks.`,
  "client-ip-reserved": ({ address }: P<"address">) => `${address} is the network or broadcast address of its block.`,
  "no-cidr": "The instance has no private CIDR block to take a fixed address from.",
  "address-taken": ({ address, user }: P<"address" | "user">) => `${address} is the fixed address of ${user}.`,
  "address-taken-elsewhere": ({ address }: P<"address">) =>
    `${address} is taken in another account's instance on the same Cloud Connect Network.`,
  "address-in-session": ({ address }: P<"address">) => `${address} is in use by a running session.`,
  "user-limit": ({ limit }: P<"limit">) =>
    `The instance was bought for ${limit} client account${limit === "1" ? "" : "s"}.`,
  "user-exists": ({ user }: P<"user">) => `The account ${user} already exists.`,
  "user-exists-elsewhere": ({ user }: P<"user">) =>
    `The account ${user} already exists in another instance of this enterprise code.`,
  "flow-accounts": ({ limit }: P<"limit">) => `At most ${limit} accounts at once.`,
  "no-account": ({ user }: P<"user">) => `There is no account ${user} in this instance.`,
  "roams-to-itself": ({ instance }: P<"instance">) =>
    `Origin and target are the same instance, ${instance}; an account roams to another one.`,
  "roams-within-area": "An account roams to an instance of another area; these two share one.",
  "roams-within-code":
    "Both instances have one enterprise code: code and user name would mean two accounts. Give the target another code first (CreateEnterpriseCode, UpdateSmartAGEnterpriseCode).",
  "roaming-overlap": ({ cidr }: P<"cidr">) => `The instances' private blocks overlap: ${cidr}.`,
  "dry-run": "The request would have been carried out.",
};
