/** A range of whole numbers, both ends included. */
export interface Range {
  min: number;
  max: number;
}

/** Ranges of the numbers that administrators set, for every API. */
export const ranges = {
  renewalMonths: { min: 1, max: 120 },
  /** Seconds. */
  securityLockThreshold: { min: 0, max: 31_536_000 },
  rulePriority: { min: 1, max: 100 },
  qosPriority: { min: 1, max: 7 },
  /** Mbit/s. */
  qosBandwidth: { min: 1, max: 10_000 },
  qosPercent: { min: 1, max: 100 },
  /** Seconds. */
  flowActiveAging: { min: 60, max: 6_000 },
  /** Seconds. */
  flowInactiveAging: { min: 10, max: 600 },
  port: { min: 1, max: 65_535 },
  /** Mbit/s. */
  packageBandwidth: { min: 2, max: 10_000 },
  /** Mbit/s; 0 = no limit. */
  regionBandwidth: { min: 0, max: 10_000 },
} as const satisfies Record<string, Range>;

/** Terms of an order, in months. */
export const orderMonths: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36];
/** GB per account and month. */
export const dataPlans: readonly number[] = [5];

/** Values that administrators choose from, for every API. */
export const choices = {
  aclType: ["acl-software", "acl-hardware"],
  ruleDirection: ["in", "out"],
  rulePolicy: ["accept", "drop"],
  ruleType: ["LAN", "WAN"],
  qosLimitType: ["Absolute", "Percent"],
  qosPercentSource: ["CcnBandwidth", "InternetUpBandwidth"],
  flowLogOutput: ["sls", "netflow", "all"],
  netflowVersion: ["V5", "V9", "V10"],
  routingStrategy: ["static", "dynamic"],
  protectionLevel: ["REDUCED", "FULL"],
  chargeType: ["PREPAY", "POSTPAY"],
} as const satisfies Record<string, readonly string[]>;

const protocols = ["ALL", "TCP", "UDP", "ICMP", "GRE"];
const applications = ["SSH", "TELNET", "HTTP", "HTTPS", "MS ?SQL", "ORACLE", "MYSQL", "RDP", "POSTGRESQL", "REDIS"];

/** Protocol of an ACL rule, as in the product's console, in any case; an application may be followed by its port. */
export const ruleProtocol = {
  min: 1,
  max: 32,
  known: [...protocols, ...applications.map((name) => name.replace(" ?", ""))],
  pattern: new RegExp(`^(${protocols.join("|")}|(${applications.join("|")})(\\([1-9]\\d{0,4}\\))?)$`, "i"),
};

/** Maximum number of application ids in an ACL rule, and their maximum length. */
export const ruleApplications = { count: 10, length: 64 };

/** Maximum lengths of the lists of a cloud network. */
export const networkLists = { cidrs: 200, accessPoints: 50 };

/** Maximum number of objects, and of tags, in one request that changes tags. */
export const maxTagged = 20;

/** Pattern of a new enterprise code. */
export const codePattern = /^[0-9A-Za-z]{5}$/;
