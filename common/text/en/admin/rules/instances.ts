import type { P } from "../../../types.ts";

/** Rules of instances and their settings. */
export const instanceRules = {
  "no-instance": ({ instance }: P<"instance">) => `There is no instance ${instance}.`,
  "instance-elsewhere": (p: P<"instance" | "region" | "wanted">) =>
    `${p.instance} is in ${p.region}, not in ${p.wanted}.`,
  "no-instance-yet": "There is no instance yet.",
  "several-instances": ({ names }: P<"names">) =>
    `There are several instances (${names}). Choose one with --instance NAME.`,
  "ambiguous-instance": ({ instance }: P<"instance">) =>
    `Several instances are called ${instance}. Use the id instead.`,
  "instance-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} SAG instances.`,
  "user-count": ({ limit }: P<"limit">) => `An instance is bought for 1 to ${limit} client accounts.`,
  "user-count-direction": ({ now, direction, wanted }: P<"direction" | "now" | "wanted">) =>
    `It is for ${now} client accounts now: no ${direction} to ${wanted}.`,
  "user-count-accounts": ({ accounts }: P<"accounts">) => `The instance has ${accounts} client accounts.`,
  "instance-without-end": ({ name }: P<"name">) => `${name} has no end, so there is nothing to renew.`,
  "instance-bound": ({ ccn }: P<"ccn">) => `The instance is bound to ${ccn}; unbind it first.`,
  "instance-has-accounts": ({ name, accounts }: P<"accounts" | "name">) =>
    `${name} still has ${accounts} accounts; use --force to delete them too.`,
  "code-taken": ({ code }: P<"code">) => `The enterprise code ${code} is taken.`,
  "no-ccn": ({ ccn }: P<"ccn">) => `There is no CCN ${ccn}.`,
  "cidr-empty": "A private CIDR block is empty.",
  "cidr-form": ({ cidr }: P<"cidr">) =>
    `${cidr} is not an IPv4 block such as 10.86.0.0/24 (no bits set beyond the mask).`,
  "cidr-mask": ({ cidr, min, max }: P<"cidr" | "max" | "min">) =>
    `A block's mask is /${min} to /${max}; ${cidr} is not.`,
  "cidr-unusable": ({ cidr }: P<"cidr">) =>
    `${cidr} lies in a range that no device can have (loopback, link-local, multicast, reserved).`,
  "cidr-public": ({ cidr, private: allowed }: P<"cidr" | "private">) =>
    `${cidr} is not private: a block lies in ${allowed}.`,
  "cidr-overlap": ({ cidr, other }: P<"cidr" | "other">) => `${cidr} overlaps ${other}.`,
  "cidr-limit": ({ limit }: P<"limit">) => `An instance has at most ${limit} address blocks.`,
  "last-block": "Clients of this instance cannot get an address without an address block. Add another one first.",
  "no-block": ({ cidr }: P<"cidr">) => `The instance has no block ${cidr}.`,
  "fixed-address-outside": ({ user, address }: P<"address" | "user">) =>
    `${user} has the fixed address ${address}, which would lie outside.`,
  "no-route": ({ route }: P<"route">) => `The instance has no route ${route}.`,
  "route-limit": ({ limit }: P<"limit">) => `An instance has at most ${limit} routes.`,
  "dns-server-form": ({ address }: P<"address">) => `${address} is not an IP address.`,
  "dns-server-outside": ({ address }: P<"address">) =>
    `${address} cannot be a name server inside: it is each machine's own, or no host's.`,
  "recovered-dns-server": ({ address }: P<"address">) => `${address} is not an IP address that a server can have.`,
  "dns-server-limit": ({ limit }: P<"limit">) => `At most ${limit} name servers.`,
  "dns-domain-limit": ({ limit }: P<"limit">) => `At most ${limit} domains.`,
  "domains-without-server": "Domains need at least one name server.",
  "search-limit": ({ limit }: P<"limit">) => `At most ${limit} search domains.`,
  "search-without-server": "Search domains need at least one name server.",
  "search-outside": ({ name }: P<"name">) =>
    `${name} is not below any of the domains; add it to them as well (--domain ${name}).`,
  "no-session": ({ id }: P<"id">) => `There is no running session ${id}.`,
  "no-token": ({ id }: P<"id">) => `There is no token ${id}.`,
  "no-access-point": ({ id }: P<"id">) => `There is no access point ${id}.`,
  "token-uses": "A token is good for 1 to 1000 access points.",
  "token-lifetime": "A token expires after a second to 366 days.",
  "no-resource": ({ name }: P<"name">) => `There is no resource ${name} in this instance.`,
  "resource-exists": ({ name }: P<"name">) => `The resource ${name} already exists.`,
  "resource-limit": ({ limit }: P<"limit">) => `An instance has at most ${limit} resources.`,
};
