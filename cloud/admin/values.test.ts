import { beforeAll, expect, test } from "vitest";
import type { Refusal } from "../base/cause.ts";
import type { Fields, Refused } from "../testing/admin-api.ts";
import {
  aclInput,
  bandwidthInput,
  bothEntries,
  carInput,
  ccnInput,
  cenInput,
  flowLogInput,
  networkInput,
  policyInput,
  qosInput,
  refusalOf,
  region,
  ruleInput,
} from "../testing/both-entries.ts";

// Values that the published API refuses by its declarations are refused by the commands, too.

const { rpc, sagctl } = bothEntries();
const of: Record<
  "instance" | "acl" | "rule" | "qos" | "car" | "policy" | "flowLog" | "cen" | "ccn" | "network",
  string
> = {
  instance: "",
  acl: "",
  rule: "",
  qos: "",
  car: "",
  policy: "",
  flowLog: "",
  cen: "",
  ccn: "",
  network: "",
};

const order = { region, userCount: 5, dataPlan: 5, months: 1 };
const rule = { ...ruleInput, dpiSignatureIds: '["a"]' };

beforeAll(async () => {
  of.instance = String((await sagctl("instance order", order)).id);
  of.acl = String((await sagctl("acl create", aclInput)).id);
  of.rule = String((await sagctl("acl add", { acl: of.acl, region, rule })).id);
  of.qos = String((await sagctl("qos create", qosInput)).id);
  of.car = String((await sagctl("qos add-car", { qos: of.qos, car: carInput })).id);
  of.policy = String((await sagctl("qos add-policy", { qos: of.qos, rule: policyInput })).id);
  of.flowLog = String((await sagctl("flow-log create", flowLogInput)).id);
  of.cen = String((await sagctl("cen create", cenInput)).id);
  of.ccn = String((await sagctl("ccn create", ccnInput)).id);
  of.network = String((await sagctl("network create", networkInput)).id);
  const made = await sagctl("cen bandwidth", bandwidthInput);
  await sagctl("cen use-bandwidth", { cen: of.cen, package: made.id });
});

/** Everything that the commands below could change, and the audit. */
async function stored(): Promise<unknown> {
  const answers: unknown[] = [await sagctl("instance list", {}), await sagctl("audit list", { limit: 1_000 })];
  const asks: [operation: string, fields: Fields, product?: "cbn" | "sag"][] = [
    ["DescribeACLs", { RegionId: region }],
    ["DescribeACLAttribute", { RegionId: region, AclId: of.acl }],
    ["DescribeQoses", { RegionId: region }],
    ["GetQosAttribute", { RegionId: region, QosId: of.qos }],
    ["DescribeFlowLogs", { RegionId: region }],
    ["ListEnterpriseCode", { RegionId: region }],
    ["DescribeCloudConnectNetworks", { RegionId: region }],
    ["DescribeCens", {}, "cbn"],
    ["DescribeCenBandwidthPackages", {}, "cbn"],
    ["DescribeCloudNetworks", {}, "sag"],
  ];
  for (const ask of asks) {
    const { RequestId: _, ...answer } = await rpc(...ask);
    answers.push(answer);
  }
  return answers;
}

const tooMany = (count: number) => Array.from({ length: count + 1 }, (_, n) => `10.${n}.0.0/16`);

/** For each command: a field and values that it refuses. */
const refused: [command: string, valid: () => Fields, field: string, values: unknown[]][] = [
  ["instance renew", () => ({ instance: of.instance, months: 1 }), "months", [-12, 0, 1.5, 121, 1e9, Number.NaN, "1"]],
  ["instance order", () => order, "months", [-3, 0, 10, 37, 1.5]],
  ["instance order", () => order, "userCount", [6.5, "6"]],
  ["instance order", () => order, "dataPlan", [-1, 0, 6]],
  ["instance order", () => order, "region", ["nowhere", "", "CN-SHANGHAI"]],
  ["instance upgrade", () => ({ ...sized(), userCount: 6 }), "userCount", [6.5]],
  ["instance upgrade", sized, "dataPlan", [-1, 6]],
  ["instance downgrade", sized, "userCount", [4.5]],
  ["instance set", () => ({ instance: of.instance }), "securityLockThreshold", [-4.5, -1, 0.5, 31_536_001]],
  ["instance set", () => ({ instance: of.instance }), "routingStrategy", ["whatever", "", "STATIC"]],
  ["acl create", () => aclInput, "type", ["bogus", ""]],
  ["acl create", () => aclInput, "region", ["nowhere", ""]],
  ["qos create", () => qosInput, "region", ["nowhere", ""]],
  ["qos create", () => qosInput, "description", ["1st", "a\nb", "x".repeat(513)]],
  ["flow-log create", () => flowLogInput, "region", ["nowhere", ""]],
  ["flow-log create", () => flowLogInput, "outputType", ["kafka", "", "SLS"]],
  ["flow-log create", () => flowLogInput, "activeAging", [59, 6_001, 60.5, "300"]],
  ["flow-log create", () => flowLogInput, "inactiveAging", [9, 601]],
  ["flow-log create", () => flowLogInput, "netflowServerPort", [0, 65_536, -1]],
  ["flow-log create", () => flowLogInput, "netflowVersion", ["V7", "v9", ""]],
  ["flow-log create", () => flowLogInput, "slsRegion", ["nowhere", ""]],
  ["cen create", () => cenInput, "protectionLevel", ["bogus", "", "full"]],
  ["cen set", () => ({ cen: of.cen }), "protectionLevel", ["bogus", ""]],
  ["cen bandwidth", () => bandwidthInput, "bandwidth", [-100, 0, 1, 2.5, 10_001]],
  ["cen bandwidth", () => bandwidthInput, "areaA", ["mars", "", "china"]],
  ["cen bandwidth", () => bandwidthInput, "areaB", ["mars", ""]],
  ["cen bandwidth", () => bandwidthInput, "chargeType", ["free", ""]],
  ["cen limit", limited, "bandwidth", [-1, 0.5, 10_001]],
  ["cen limit", limited, "localRegion", ["nowhere", "ccn-nowhere", "ccn-ccn-cn-shanghai"]],
  ["cen limit", limited, "oppositeRegion", ["nowhere", ""]],
  ["cen untag", () => ({ type: "cen", ids: [of.cen] }), "keys", [tooMany(20)]],
  ["code create", () => ({ code: "GOOD1" }), "code", ["", "a\n", "abcd\n", "<b>x</b>", "abc", "abcdef", "ÄBCDE"]],
  ["code default", () => ({ code: "", isDefault: true }), "code", ["", "x".repeat(17)]],
  ["code use", () => ({ code: "GOOD1", instanceId: of.instance, region }), "region", ["nowhere"]],
  ["ccn create", () => ccnInput, "region", ["nowhere", ""]],
  ["ccn grant", () => ({ ccnId: of.ccn, cenId: of.cen, cenUid: 1, trafficService: false }), "cenUid", [-1, 0, 1.5]],
  ["ccn attach", () => ({ ccn: of.ccn, cen: of.cen, subnet: "" }), "subnet", ["a\nb", "x".repeat(65)]],
  ["instance grant", granted, "ccnUid", [-1, 0, 1.5]],
  ["instance grant", granted, "region", ["nowhere"]],
  ["network create", () => networkInput, "region", ["nowhere", ""]],
  ["network create", () => networkInput, "cidrs", [tooMany(200)]],
  ["network set", () => ({ network: of.network }), "accessPoints", [tooMany(50)]],
  ["access-point prefer", () => ({ instance: of.instance, number: 1 }), "number", [-1, 0, 1.5]],
];

function sized(): Fields {
  return { instance: of.instance, userCount: 5, dataPlan: 5 };
}

function limited(): Fields {
  return { cenId: of.cen, localRegion: region, oppositeRegion: "eu-central-1", bandwidth: 5 };
}

function granted(): Fields {
  return { instanceId: of.instance, region, ccnId: of.ccn, ccnUid: 1, trafficService: false };
}

const refusedOfRules: Record<string, unknown[]> = {
  direction: ["outbound", "OUT", "", 1],
  policy: ["DROP", "deny", ""],
  protocol: ["", "SSH(0)", "a b", "x".repeat(33), "ALL\n", "bogus", "TCP(80)", "6"],
  priority: [0, -1, 1.5, 101],
  type: ["bogus", "", "lan"],
  dpiGroupIds: ["not json", "", "{}", "[1]", '[""]', '["a\\nb"]', JSON.stringify(Array(11).fill("a"))],
  dpiSignatureIds: ["null", JSON.stringify(["x".repeat(65)])],
};

test("refuses values out of range, unknown words and malformed codes, and stores nothing", async () => {
  const before = await stored();
  for (const [command, valid, field, values] of refused) {
    for (const value of values) {
      const refusal = await refusalOf<Refusal>(sagctl(command, { ...valid(), [field]: value }));
      const what = `${command} ${field}=${JSON.stringify(value).slice(0, 60)}`;
      expect([refusal?.code, refusal?.message], what).toEqual(["invalid_argument", expect.stringContaining(field)]);
    }
  }
  expect(await stored()).toEqual(before);
}, 60_000);

test("refuses invalid values of ACL rules when a rule is added or changed", async () => {
  const before = await stored();
  for (const [field, values] of Object.entries(refusedOfRules)) {
    for (const value of values) {
      const where = { acl: of.acl, region };
      const added = await refusalOf<Refusal>(sagctl("acl add", { ...where, rule: { ...rule, [field]: value } }));
      const set = await refusalOf<Refusal>(sagctl("acl set", { ...where, id: of.rule, rule: { [field]: value } }));
      const what = `${field}=${JSON.stringify(value)}`;
      for (const refusal of [added, set]) {
        expect(refusal?.code, what).toBe("invalid_argument");
        expect(refusal?.message, what).toContain(`The rule.${field} `);
      }
    }
  }
  expect(await stored()).toEqual(before);
}, 60_000);

const refusedOfCars: Record<string, unknown[]> = {
  priority: [0, 8, -1, 1.5, "1"],
  limitType: ["absolute", "", "Both"],
  minAbs: [0, -1, 2.5, 10_001],
  maxAbs: [0, 10_001],
  minPercent: [0, 101],
  maxPercent: [0, 101, 50.5],
  percentSource: ["LanBandwidth", ""],
};

const refusedOfPolicies: Record<string, unknown[]> = {
  priority: [0, 8, 1.5],
  protocol: refusedOfRules.protocol ?? [],
  dpiGroupIds: refusedOfRules.dpiGroupIds ?? [],
  dpiSignatureIds: refusedOfRules.dpiSignatureIds ?? [],
  startTime: ["x".repeat(65)],
};

test("refuses invalid values of QoS rules and flow logs when they are added or changed", async () => {
  const before = await stored();
  const kinds = [
    [refusedOfCars, "car", carInput, "qos add-car", "qos set-car", of.car],
    [refusedOfPolicies, "rule", policyInput, "qos add-policy", "qos set-policy", of.policy],
  ] as const;
  for (const [refusedValues, part, valid, add, set, id] of kinds) {
    for (const [field, value] of Object.entries(refusedValues).flatMap(([f, all]) => all.map((v) => [f, v] as const))) {
      const added = await refusalOf<Refusal>(sagctl(add, { qos: of.qos, [part]: { ...valid, [field]: value } }));
      const changed = await refusalOf<Refusal>(sagctl(set, { qos: of.qos, id, [part]: { [field]: value } }));
      for (const refusal of [added, changed]) {
        expect(refusal?.code, `${field}=${JSON.stringify(value)}`).toBe("invalid_argument");
        expect(refusal?.message).toContain(`The ${part}.${field} `);
      }
    }
  }
  const names: Record<string, unknown[]> = {
    projectName: ["ab", "../etc", "a/b", "Flows", "-flows", "x".repeat(64)],
    logstoreName: ["a", "..", "a/b", "flows-", "x".repeat(64)],
    name: ["a\nb", "x".repeat(129)],
    description: ["a\u202eb", "x".repeat(513)],
  };
  for (const [field, value] of Object.entries(names).flatMap(([f, all]) => all.map((v) => [f, v] as const))) {
    const created = await refusalOf<Refusal>(sagctl("flow-log create", { ...flowLogInput, [field]: value }));
    const changed = await refusalOf<Refusal>(
      sagctl("flow-log set", { flowLog: of.flowLog, change: { [field]: value } }),
    );
    expect([created?.code, changed?.code], `${field}=${value}`).toEqual(["invalid_argument", "invalid_argument"]);
  }
  expect(await stored()).toEqual(before);
}, 60_000);

test("RunCommand of the published API refuses the same values", async () => {
  const before = await stored();
  const asks: [command: string, input: Fields, says: string][] = [
    ["instance renew", { instance: of.instance, months: -12 }, "The months must be at least 1."],
    ["instance renew", { instance: of.instance, months: 1.5 }, "The months must be a whole number."],
    [
      "acl add",
      { acl: of.acl, region, rule: { ...rule, direction: "OUT" } },
      "The rule.direction must be one of in, out.",
    ],
  ];
  for (const [Command, input, says] of asks) {
    const refusal = await refusalOf<Refused>(rpc("RunCommand", { Command, Parameters: JSON.stringify(input) }, "sag"));
    expect([refusal?.code, refusal?.body.Message], Command).toEqual(["InvalidParameters", says]);
  }
  expect(await stored()).toEqual(before);
});
