import type { P } from "../../../types.ts";

/** Rules of the path from instances to cloud networks. */
export const networkRules = {
  "no-network": ({ network }: P<"network">) => `There is no cloud network ${network}.`,
  "network-prefix": ({ cidr }: P<"cidr">) => `${cidr} is not a prefix such as 10.0.0.0/16.`,
  "network-prefix-limit": ({ limit }: P<"limit">) => `A cloud network has at most ${limit} prefixes.`,
  "network-overlap": "The prefixes overlap one another.",
  "network-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} cloud networks.`,
  "no-cen": ({ cen }: P<"cen">) => `The specified Cloud Enterprise Network ${cen} does not exist.`,
  "no-foreign-cen": ({ cen }: P<"cen">) => `The specified Cloud Enterprise Network ${cen} does not exist.`,
  "cen-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} Cloud Enterprise Networks.`,
  "cen-has-child": ({ cen, child }: P<"cen" | "child">) => `${cen} cannot be deleted: ${child} is attached to it.`,
  "cen-has-package": (p: P<"cen" | "package">) => `${p.cen} cannot be deleted: ${p.package} is associated with it.`,
  "no-package": (p: P<"package">) => `The specified bandwidth package ${p.package} does not exist.`,
  "package-in-use": (p: P<"cen" | "package">) => `${p.package} is associated with ${p.cen}; unassociate it first.`,
  "package-associated": (p: P<"cen" | "package">) => `${p.package} is associated with ${p.cen} already.`,
  "package-has-limits": (p: P<"a" | "b" | "cen" | "package">) =>
    `${p.package} carries the limit between ${p.a} and ${p.b} in ${p.cen}; set that limit to 0 first.`,
  "package-not-associated": (p: P<"cen" | "package">) => `${p.package} is not associated with ${p.cen}.`,
  "span-has-package": "A package for the same pair of areas is associated already.",
  "same-region": ({ region }: P<"region">) => `A limit is between two regions, but both are ${region}.`,
  "unknown-region": "One of the regions is not known.",
  "no-package-for-span": ({ a, b }: P<"a" | "b">) => `No bandwidth package joins ${a} and ${b} in this CEN.`,
  "package-exhausted": ({ sum, bandwidth }: P<"bandwidth" | "sum">) =>
    `The limits would add up to ${sum} Mbit/s, more than the package's ${bandwidth}.`,
  "no-child": ({ child }: P<"child">) => `The specified network instance ${child} does not exist.`,
  "not-attached": ({ child, cen }: P<"cen" | "child">) => `${child} is not attached to ${cen}.`,
  "child-type": ({ child, type, wanted }: P<"child" | "type" | "wanted">) => `${child} is a ${type}, not a ${wanted}.`,
  "child-region": ({ child, region, wanted }: P<"child" | "region" | "wanted">) =>
    `${child} is in ${region}, not in ${wanted}.`,
  "child-owner": ({ child, uid }: P<"child" | "uid">) => `The account ${uid} has no network instance ${child}.`,
  "cen-owner": ({ cen, uid }: P<"cen" | "uid">) => `The account ${uid} has no Cloud Enterprise Network ${cen}.`,
  "already-attached": ({ child }: P<"child">) =>
    `${child} is attached to a Cloud Enterprise Network already; detach it first.`,
  "no-own-ccn": ({ ccn }: P<"ccn">) => `The specified Cloud Connect Network ${ccn} does not exist.`,
  "ccn-elsewhere": (p: P<"ccn" | "region" | "wanted">) => `${p.ccn} is in ${p.region}, not in ${p.wanted}.`,
  "ccn-block": ({ cidr }: P<"cidr">) => `${cidr} is not an IPv4 block with a mask of /8 to /24.`,
  "ccn-block-public": ({ cidr, private: allowed }: P<"cidr" | "private">) =>
    `${cidr} is not private: a block lies in ${allowed}.`,
  "ccn-blocks-overlap": "The blocks overlap one another.",
  "snat-block": ({ cidr }: P<"cidr">) => `${cidr} is not an IPv4 block with a mask of /8 to /30.`,
  "snat-outside": ({ cidr }: P<"cidr">) => `${cidr} does not lie inside the CCN's private block.`,
  "ccn-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} Cloud Connect Networks.`,
  "ccn-is-default": ({ ccn }: P<"ccn">) =>
    `${ccn} cannot be deleted: it is the account's default, whose access points serve instances that are bound to none.`,
  "ccn-has-instances": ({ ccn }: P<"ccn">) => `${ccn} cannot be deleted: instances are bound to it.`,
  "ccn-has-cen": ({ ccn }: P<"ccn">) => `${ccn} cannot be deleted: it is attached to a CEN.`,
  "ccn-has-access-points": ({ ccn }: P<"ccn">) => `${ccn} cannot be deleted: access points serve it.`,
  "area-mismatch": ({ instance, ccn }: P<"ccn" | "instance">) =>
    `The instance is in ${instance}, the CCN in ${ccn}: they must share an area.`,
  "binding-elsewhere": (p: P<"ccn" | "ccnRegion" | "instance" | "instanceRegion" | "wanted">) =>
    `${p.ccn} is in ${p.ccnRegion} and ${p.instance} in ${p.instanceRegion}, neither in ${p.wanted}.`,
  "instance-owner": ({ instance, uid }: P<"instance" | "uid">) => `The account ${uid} has no instance ${instance}.`,
  "not-bound": "The instance is not bound to this Cloud Connect Network.",
  "bind-overlap": ({ cidr }: P<"cidr">) =>
    `${cidr} overlaps an address block that another account uses on this Cloud Connect Network.`,
  "not-granted": ({ what, to }: P<"to" | "what">) => `${what} is not granted to ${to}.`,
  "granted-already": ({ to }: P<"to">) => `The instance is granted to ${to}; revoke that first.`,
  "no-acl": ({ acl }: P<"acl">) => `The specified access control list ${acl} does not exist.`,
  "acl-elsewhere": (p: P<"acl" | "region" | "wanted">) => `${p.acl} is in ${p.region}, not in ${p.wanted}.`,
  "no-acl-rule": ({ id }: P<"id">) => `The specified rule ${id} does not exist.`,
  "acl-limit": ({ limit }: P<"limit">) => `An account has at most ${limit} access control lists.`,
  "acl-rule-limit": ({ limit }: P<"limit">) => `An access control list has at most ${limit} rules.`,
  "acl-in-use": ({ acl, instance }: P<"acl" | "instance">) => `${acl} is in use by ${instance}.`,
  "acl-in-use-by-account": ({ acl, user }: P<"acl" | "user">) => `${acl} is the ACL of the account ${user}.`,
  "source-cidr": ({ prefix }: P<"prefix">) =>
    prefix
      ? `The source has host bits set; the prefix is ${prefix}.`
      : "The source must be a prefix such as 10.0.0.0/8 or, for direction in, a name such as *.corp.example.",
  "dest-cidr": ({ prefix }: P<"prefix">) =>
    prefix
      ? `The destination has host bits set; the prefix is ${prefix}.`
      : "The destination must be a prefix such as 10.0.0.0/8 or, for direction out, a name such as *.corp.example.",
  "source-ports": "The source ports are a range in 1-65535 such as 80/80, or -1/-1 for all.",
  "dest-ports": "The destination ports are a range in 1-65535 such as 80/80, or -1/-1 for all.",
  "source-ports-protocol": ({ protocol }: P<"protocol">) =>
    `The source ports must be -1/-1 for the protocol ${protocol}.`,
  "dest-ports-protocol": ({ protocol }: P<"protocol">) =>
    `The destination ports must be -1/-1 for the protocol ${protocol}.`,
  "acl-type": "A software instance takes lists of type acl-software.",
  "acl-region": ({ acl, region, instance }: P<"acl" | "instance" | "region">) =>
    `${acl} is in ${region}, the instance in ${instance}.`,
  "acl-per-instance": ({ instance, acl }: P<"acl" | "instance">) => `${instance} has the list ${acl} already.`,
  "acl-per-account": ({ user, acl }: P<"acl" | "user">) => `The account ${user} has the list ${acl} already.`,
  "acl-not-of-account": ({ acl, user }: P<"acl" | "user">) => `${acl} is not the ACL of the account ${user}.`,
  "acl-not-associated": ({ acl, instance }: P<"acl" | "instance">) => `${acl} is not in use by ${instance}.`,
  "tag-twice": "A tag's key is there twice.",
  "tag-reserved": "A tag begins with neither aliyun nor acs:, and contains neither http:// nor https://.",
  "tag-limit": (p: P<"limit" | "object">) => `${p.object} has at most ${p.limit} tags.`,
  "access-point-elsewhere": ({ id }: P<"id">) => `Access point ${id} does not serve this instance.`,
};
