import { expect, test } from "vitest";
import type { Fields } from "../testing/admin-api.ts";
import {
  accountInput,
  accountParameters,
  aclInput,
  bandwidthInput,
  bothEntries,
  carInput,
  carParameters,
  ccnInput,
  cenInput,
  flowLogInput,
  networkInput,
  policyInput,
  policyParameters,
  qosInput,
  region as RegionId,
  ruleInput,
} from "../testing/both-entries.ts";
import { commands } from "./commands/index.ts";

// Every command that changes something writes one audit record with its own name, through both APIs.

const { rpc, sagctl, ordered, quota } = bothEntries();

test("every changing command writes one audit record with its own name through either API", async () => {
  await quota("acls-per-account", 100);
  await quota("codes-per-account", 100);
  const { id, block } = await ordered(5);
  const of = { instance: id };
  const there = { RegionId, SmartAGId: id };
  const user = "written.down";
  const ofUser = { ...of, user };
  const theUser = { ...there, UserName: user };
  const kept: Record<string, string> = {};
  type Step = [action: string, run: () => Promise<Fields>, key: string | undefined];
  const ctl = (name: string, input: () => Record<string, unknown> = () => of): Step => [
    name,
    () => sagctl(name, input()),
    name,
  ];
  const api = (name: string, operation: string, fields: () => Fields, product?: "cbn" | "sag"): Step => [
    name,
    () => rpc(operation, fields(), product),
    operation,
  ];
  const keep = (name: string, field: string, [action, run, key]: Step): Step => [
    action,
    async () => {
      const answer = await run();
      kept[name] = String(answer[field]);
      return answer;
    },
    key,
  ];
  const acl = () => ({ acl: kept.acl, region: RegionId });
  const qos = () => ({ qos: kept.qos, region: RegionId });
  const theQos = () => ({ RegionId, QosId: kept.qos });
  const flowLog = () => ({ flowLog: kept.flowLog, region: RegionId });
  const theFlowLog = () => ({ RegionId, FlowLogId: kept.flowLog });
  const steps: Step[] = [
    ctl("account create", () => ({ ...accountInput(id, user) })),
    api("account create", "CreateSmartAccessGatewayClientUser", () => accountParameters(id, "written.too")),
    ctl("account set", () => ({ ...ofUser, bandwidth: 500 })),
    api("account set", "ModifySmartAccessGatewayClientUser", () => ({ ...theUser, Bandwidth: 600 })),
    ctl("account accelerate", () => ({ ...ofUser, bandwidth: 500 })),
    api("account accelerate", "UpdateSmartAGUserAccelerateConfig", () => ({ ...theUser, Bandwidth: 500 })),
    ctl("account disable", () => ofUser),
    ctl("account enable", () => ofUser),
    api("account disable", "DisableSmartAccessGatewayUser", () => theUser),
    api("account enable", "EnableSmartAccessGatewayUser", () => theUser),
    ctl("account kick", () => ({ ...ofUser, reason: "" })),
    api("account kick", "KickOutClients", () => ({ ...there, Username: user })),
    ctl("account reset-password", () => ofUser),
    api("account reset-password", "ResetSmartAccessGatewayClientUserPassword", () => theUser),
    ctl("account remove-second-factor", () => ofUser),
    ctl("account delete", () => ofUser),
    api("account delete", "DeleteSmartAccessGatewayClientUser", () => ({ ...there, UserName: "written.too" })),
    ctl("instance set", () => ({ ...of, name: "Written down" })),
    api("instance set", "ModifySmartAccessGateway", () => ({ ...there, Name: "Written too" })),
    ctl("instance upgrade", () => ({ ...of, userCount: 6, dataPlan: 5 })),
    ctl("instance downgrade", () => ({ ...of, userCount: 5, dataPlan: 5 })),
    ctl("instance lock"),
    api("instance unlock", "UnlockSmartAccessGateway", () => there),
    api("instance lock", "SetInstanceLock", () => ({ SmartAGId: id, Locked: true }), "sag"),
    ctl("instance unlock"),
    ctl("instance renew", () => ({ ...of, months: 1 })),
    api("instance renew", "RenewInstance", () => ({ SmartAGId: id, Period: 1 }), "sag"),
    ctl("instance remove-end", () => of),
    ctl("policy set", () => ({ ...of, change: { devicesPerAccount: 2 } })),
    ctl("cidr add", () => ({ ...of, cidr: "10.6.0.0/24" })),
    ctl("cidr remove", () => ({ ...of, cidr: "10.6.0.0/24" })),
    ctl("route add", () => ({ ...of, routes: ["10.5.0.0/16"] })),
    ctl("route remove", () => ({ ...of, route: "10.5.0.0/16" })),
    ctl("dns set", () => ({ ...of, servers: [`${block}.53`] })),
    api("dns set", "ModifyClientUserDNS", () => ({ ...there, AppDNS: [`${block}.54`] })),
    ctl("resource add", () => ({ ...of, name: "Wiki", address: "https://wiki.example" })),
    ctl("resource set", () => ({ ...of, name: "Wiki", address: "https://other.example" })),
    ctl("resource remove", () => ({ ...of, name: "Wiki" })),
    keep(
      "ccn",
      "id",
      ctl("ccn create", () => ccnInput),
    ),
    api("ccn create", "CreateCloudConnectNetwork", () => ({ RegionId })),
    ctl("ccn set", () => ({ ccn: kept.ccn, name: "renamed" })),
    ctl("ccn bind", () => ({ ccn: kept.ccn, instance: id })),
    api("ccn unbind", "UnbindSmartAccessGateway", () => ({ ...there, CcnId: kept.ccn })),
    api("ccn bind", "BindSmartAccessGateway", () => ({ CcnId: kept.ccn, SmartAGId: id })),
    ctl("ccn unbind", () => ({ ccn: kept.ccn, instance: id })),
    keep(
      "cen",
      "id",
      ctl("cen create", () => cenInput),
    ),
    ctl("cen set", () => ({ cen: kept.cen, name: "renamed" })),
    ctl("ccn attach", () => ({ ccn: kept.ccn, cen: kept.cen, subnet: "" })),
    ctl("ccn detach", () => ({ ccn: kept.ccn, cen: kept.cen })),
    ctl("cen attach", () => ({ cen: kept.cen, child: kept.ccn, type: "CCN", region: RegionId })),
    ctl("cen detach", () => ({ cen: kept.cen, child: kept.ccn, type: "CCN" })),
    ctl("cen tag", () => ({ type: "cen", ids: [kept.cen], tags: [{ key: "a", value: "b" }] })),
    ctl("cen untag", () => ({ type: "cen", ids: [kept.cen] })),
    keep(
      "package",
      "id",
      ctl("cen bandwidth", () => bandwidthInput),
    ),
    ctl("cen use-bandwidth", () => ({ cen: kept.cen, package: kept.package })),
    ctl("cen limit", () => ({
      cenId: kept.cen,
      localRegion: RegionId,
      oppositeRegion: "eu-central-1",
      bandwidth: 5,
    })),
    ctl("cen limit", () => ({
      cenId: kept.cen,
      localRegion: RegionId,
      oppositeRegion: "eu-central-1",
      bandwidth: 0,
    })),
    ctl("cen unuse-bandwidth", () => ({ cen: kept.cen, package: kept.package })),
    ctl("cen delete-bandwidth", () => ({ package: kept.package })),
    ctl("cen delete", () => ({ cen: kept.cen })),
    ctl("ccn delete", () => ({ ccn: kept.ccn })),
    keep(
      "network",
      "id",
      ctl("network create", () => networkInput),
    ),
    ctl("network set", () => ({ network: kept.network, name: "renamed" })),
    ctl("network delete", () => ({ network: kept.network })),
    keep(
      "acl",
      "id",
      ctl("acl create", () => aclInput),
    ),
    ctl("acl rename", () => ({ ...acl(), name: "renamed" })),
    keep(
      "rule",
      "id",
      ctl("acl add", () => ({ ...acl(), rule: ruleInput })),
    ),
    ctl("acl set", () => ({ ...acl(), id: kept.rule, rule: { priority: 2 } })),
    ctl("acl remove", () => ({ ...acl(), id: kept.rule })),
    ctl("acl use", () => ({ ...acl(), instance: id })),
    ctl("acl unuse", () => ({ ...acl(), instance: id })),
    ctl("acl delete", acl),
    keep(
      "qos",
      "id",
      ctl("qos create", () => qosInput),
    ),
    api("qos create", "CreateQos", () => ({ RegionId, QosName: "written" })),
    ctl("qos set", () => ({ ...qos(), name: "renamed" })),
    api("qos set", "ModifyQos", () => ({ ...theQos(), QosDescription: "changed" })),
    keep(
      "car",
      "id",
      ctl("qos add-car", () => ({ ...qos(), car: carInput })),
    ),
    api("qos add-car", "CreateQosCar", () => ({ ...theQos(), ...carParameters })),
    ctl("qos set-car", () => ({ ...qos(), id: kept.car, car: { priority: 2 } })),
    api("qos set-car", "ModifyQosCar", () => ({ ...theQos(), QosCarId: kept.car, Priority: 1 })),
    keep(
      "policy",
      "id",
      ctl("qos add-policy", () => ({ ...qos(), rule: policyInput })),
    ),
    api("qos add-policy", "CreateQosPolicy", () => ({ ...theQos(), ...policyParameters })),
    ctl("qos set-policy", () => ({ ...qos(), id: kept.policy, rule: { priority: 2 } })),
    api("qos set-policy", "ModifyQosPolicy", () => ({ ...theQos(), QosPolicyId: kept.policy, Priority: 1 })),
    ctl("qos use", () => ({ ...qos(), instance: id })),
    api("qos unuse", "DisassociateQos", () => ({ ...theQos(), SmartAGId: id })),
    api("qos use", "AssociateQos", () => ({ ...theQos(), SmartAGId: id })),
    ctl("qos unuse", () => ({ ...qos(), instance: id })),
    ctl("qos remove-car", () => ({ ...qos(), id: kept.car })),
    ctl("qos remove-policy", () => ({ ...qos(), id: kept.policy })),
    api("qos delete", "DeleteQos", theQos),
    keep(
      "flowLog",
      "id",
      ctl("flow-log create", () => flowLogInput),
    ),
    api("flow-log create", "CreateFlowLog", () => ({ RegionId, NetflowServerIp: "10.9.9.9" })),
    ctl("flow-log set", () => ({ ...flowLog(), change: { name: "renamed" } })),
    api("flow-log set", "ModifyFlowLogAttribute", () => ({ ...theFlowLog(), ActiveAging: 60 })),
    ctl("flow-log stop", flowLog),
    api("flow-log start", "ActiveFlowLog", theFlowLog),
    api("flow-log stop", "DeactiveFlowLog", theFlowLog),
    ctl("flow-log start", flowLog),
    ctl("flow-log use", () => ({ ...flowLog(), instance: id })),
    api("flow-log unuse", "DisassociateFlowLog", () => ({ ...theFlowLog(), SmartAGId: id })),
    api("flow-log use", "AssociateFlowLog", () => ({ ...theFlowLog(), SmartAGId: id })),
    ctl("flow-log unuse", () => ({ ...flowLog(), instance: id })),
    ctl("flow-log delete", flowLog),
    ctl("code create", () => ({ code: "WRIT1" })),
    ctl("code use", () => ({ code: "WRIT1", instanceId: id, region: RegionId })),
    ctl("code default", () => ({ code: "WRIT1", isDefault: true })),
    api("code create", "CreateEnterpriseCode", () => ({ RegionId, EnterpriseCode: "WRIT2" })),
    ctl("code delete", () => ({ code: "WRIT2" })),
    ctl("tenant create", () => ({ name: "written" })),
    keep(
      "key",
      "accessKeyId",
      ctl("access-key create", () => ({ role: "read-only" })),
    ),
    ctl("access-key disable", () => ({ id: kept.key })),
    ctl("access-key enable", () => ({ id: kept.key })),
    ctl("access-key delete", () => ({ id: kept.key })),
    ctl("quota set", () => ({ name: "codes-per-account", value: 99 })),
    api("quota set", "SetQuota", () => ({ Name: "codes-per-account", Value: 98 }), "sag"),
    keep(
      "token",
      "id",
      ctl("access-point token create", () => ({ uses: 1, lifetimeSeconds: 60 })),
    ),
    ctl("access-point token remove", () => ({ id: kept.token })),
    ctl("instance delete", () => ({ ...of, force: true })),
    ctl("instance order", () => ({ region: RegionId, userCount: 1, dataPlan: 5, months: 1 })),
    ctl("instance create", () => ({ name: "Written", cidrs: ["10.3.0.0/24"] })),
  ];
  for (const [action, run, what] of steps) {
    const [last] = await newest(1);
    await run();
    const rows = (await newest(3)).map((row) => JSON.stringify(row));
    const added = rows.slice(0, rows.indexOf(JSON.stringify(last)));
    expect(
      added.map((row) => (JSON.parse(row) as { action: string }).action),
      what,
    ).toEqual([action]);
  }
  const covered = new Set([...steps.map(([action]) => action), ...elsewhere]);
  const missing = [...commands.values()]
    .filter(({ begin, name }) => begin && !covered.has(name))
    .map(({ name }) => name);
  expect(missing, `add a step for ${missing.join(", ")} to entries-audit.test.ts`).toEqual([]);
  const both = elsewhere.filter((name) => steps.some(([action]) => action === name) || !commands.get(name)?.begin);
  expect(both, `${both.join(", ")}: remove it from the exceptions in entries-audit.test.ts`).toEqual([]);
}, 120_000);

/** Import writes an `account import` record per account, a diagnosis changes nothing, and the others have tests of their own. */
const elsewhere = [
  "account import",
  "account roam",
  "access-point prefer",
  "access-point remove",
  "ccn grant",
  "ccn revoke",
  "instance grant",
  "instance revoke",
  "instance diagnose",
  "session end",
];

/** The newest audit records, without the present name of their target, which a later change may change. */
async function newest(limit: number): Promise<Fields[]> {
  const rows = (await sagctl("audit list", { limit })) as unknown as Fields[];
  return rows.map(({ targetName: _, ...recorded }) => recorded);
}
