import { expect, test } from "vitest";
import {
  accountInput,
  accountParameters,
  aclInput,
  bothEntries,
  carInput,
  carParameters,
  flowLogInput,
  policyInput,
  policyParameters,
  qosInput,
  region as RegionId,
} from "../testing/both-entries.ts";

// Limits ("at most N", "exactly one") with parallel calls through sagctl's socket and the published API.

const { rpc, sagctl, ordered, quota, makeRoom, newQos, newFlowLog } = bothEntries();

/** Makes 50 parallel calls, alternating between both APIs. Returns how many succeeded. */
async function succeeded(one: (n: number) => { rpc(): Promise<unknown>; sagctl(): Promise<unknown> }): Promise<number> {
  const all = Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? one(n).rpc() : one(n).sagctl()));
  return (await Promise.allSettled(all)).filter(({ status }) => status === "fulfilled").length;
}

test("creates one of 50 parallel accounts if there is room for one", async () => {
  const { id } = await ordered(1);
  const count = await succeeded((n) => ({
    rpc: () => rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, `user-${n}`)),
    sagctl: () => sagctl("account create", accountInput(id, `user-${n}`)),
  }));
  expect(count).toBe(1);
  expect(await sagctl("account list", { instance: id })).toHaveLength(1);
}, 120_000);

test("creates one of 50 parallel accounts with the same name", async () => {
  const { id } = await ordered(100);
  const count = await succeeded(() => ({
    rpc: () => rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, "the-same")),
    sagctl: () => sagctl("account create", accountInput(id, "THE-SAME")),
  }));
  expect(count).toBe(1);
}, 120_000);

test("creates one of 50 parallel accounts with the same fixed address", async () => {
  const { id, block } = await ordered(100);
  const count = await succeeded((n) => ({
    rpc: () =>
      rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, `fixed-${n}`, { ClientIp: `${block}.7` })),
    sagctl: () => sagctl("account create", accountInput(id, `fixed-${n}`, { clientIp: `${block}.7` })),
  }));
  expect(count).toBe(1);
}, 120_000);

test("binds an instance to one of 50 CCNs in parallel", async () => {
  await quota("ccns-per-account", 100);
  const { id } = await ordered(1);
  const ccns: string[] = [];
  for (let n = 0; n < 50; n++) ccns.push(String((await rpc("CreateCloudConnectNetwork", { RegionId })).CcnId));
  const count = await succeeded((n) => ({
    rpc: () => rpc("BindSmartAccessGateway", { CcnId: ccns[n], SmartAGId: id }),
    sagctl: () => sagctl("ccn bind", { ccn: ccns[n], instance: id }),
  }));
  expect(count).toBe(1);
}, 120_000);

test("creates one of 50 parallel ACLs if the quota has room for one", async () => {
  const { TotalCount } = await rpc("DescribeACLs", { RegionId });
  await quota("acls-per-account", Number(TotalCount) + 1);
  const count = await succeeded((n) => ({
    rpc: () => rpc("CreateACL", { RegionId, Name: `list ${n}` }),
    sagctl: () => sagctl("acl create", { ...aclInput, name: `list ${n}` }),
  }));
  expect(count).toBe(1);
}, 120_000);

test("gives an enterprise code to one of 50 parallel requests", async () => {
  const count = await succeeded(() => ({
    rpc: () => rpc("CreateEnterpriseCode", { RegionId, EnterpriseCode: "ONE01" }),
    sagctl: () => sagctl("code create", { code: "one01" }),
  }));
  expect(count).toBe(1);
}, 120_000);

/** Makes 50 objects, one after the other. Returns their ids. */
async function fifty(one: () => Promise<string>): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < 50; n++) ids.push(await one());
  return ids;
}

test("creates one of 50 parallel QoS policies and flow logs if the quotas have room for one", async () => {
  await quota("qos-per-account", Number((await rpc("DescribeQoses", { RegionId })).TotalCount) + 1);
  const policies = await succeeded((n) => ({
    rpc: () => rpc("CreateQos", { RegionId, QosName: `policy-${n}` }),
    sagctl: () => sagctl("qos create", { ...qosInput, name: `policy-${n}` }),
  }));
  await quota("flow-logs-per-account", Number((await rpc("DescribeFlowLogs", { RegionId })).TotalCount) + 1);
  const flowLogs = await succeeded(() => ({
    rpc: () => rpc("CreateFlowLog", { RegionId, NetflowServerIp: "10.9.9.9" }),
    sagctl: () => sagctl("flow-log create", flowLogInput),
  }));
  expect([policies, flowLogs]).toEqual([1, 1]);
}, 120_000);

test("adds as many of 50 parallel rules to a QoS policy as there is room for", async () => {
  await makeRoom();
  await quota("policies-per-qos-priority", 5);
  const QosId = await newQos();
  const cars = await succeeded(() => ({
    rpc: () => rpc("CreateQosCar", { RegionId, QosId, ...carParameters }),
    sagctl: () => sagctl("qos add-car", { qos: QosId, car: carInput }),
  }));
  const policies = await succeeded(() => ({
    rpc: () => rpc("CreateQosPolicy", { RegionId, QosId, ...policyParameters }),
    sagctl: () => sagctl("qos add-policy", { qos: QosId, rule: policyInput }),
  }));
  expect([cars, policies]).toEqual([3, 5]);
}, 120_000);

test("moves one of 50 parallel rules to a priority with room for one", async () => {
  await makeRoom();
  await quota("policies-per-qos-priority", 50);
  const QosId = await newQos();
  const ids = await fifty(async () => String((await sagctl("qos add-policy", { qos: QosId, rule: policyInput })).id));
  await quota("policies-per-qos-priority", 1);
  const count = await succeeded((n) => ({
    rpc: () => rpc("ModifyQosPolicy", { RegionId, QosId, QosPolicyId: ids[n], Priority: 2 }),
    sagctl: () => sagctl("qos set-policy", { qos: QosId, id: ids[n], rule: { priority: 2 } }),
  }));
  expect(count).toBe(1);
}, 120_000);

test("gives an instance one of 50 QoS policies and flow logs in parallel", async () => {
  await makeRoom();
  const { id } = await ordered(1);
  const policies = await fifty(newQos);
  const used = await succeeded((n) => ({
    rpc: () => rpc("AssociateQos", { RegionId, QosId: policies[n], SmartAGId: id }),
    sagctl: () => sagctl("qos use", { qos: policies[n], instance: id }),
  }));
  const flowLogs = await fifty(newFlowLog);
  const logged = await succeeded((n) => ({
    rpc: () => rpc("AssociateFlowLog", { RegionId, FlowLogId: flowLogs[n], SmartAGId: id }),
    sagctl: () => sagctl("flow-log use", { flowLog: flowLogs[n], instance: id }),
  }));
  expect([used, logged]).toEqual([1, 1]);
}, 120_000);

test("stops a flow log for one of 50 parallel requests", async () => {
  const flowLog = await newFlowLog();
  const count = await succeeded(() => ({
    rpc: () => rpc("DeactiveFlowLog", { RegionId, FlowLogId: flowLog }),
    sagctl: () => sagctl("flow-log stop", { flowLog }),
  }));
  expect(count).toBe(1);
}, 120_000);

test("either deletes a QoS policy and a flow log or gives them to an instance", async () => {
  await makeRoom();
  for (let n = 0; n < 10; n++) {
    const { id } = await ordered(1);
    const qos = await newQos();
    const flowLog = await newFlowLog();
    const ended = await Promise.allSettled([
      rpc("AssociateQos", { RegionId, QosId: qos, SmartAGId: id }),
      sagctl("qos delete", { qos }),
      sagctl("flow-log use", { flowLog, instance: id }),
      rpc("DeleteFlowLog", { RegionId, FlowLogId: flowLog }),
    ]);
    const done = ended.map(({ status }) => status === "fulfilled");
    expect([done[0] !== done[1], done[2] !== done[3]]).toEqual([true, true]);
    const { QosIds, FlowLogIds } = await rpc("DescribeSmartAccessGatewayAttribute", { RegionId, SmartAGId: id });
    expect(QosIds).toEqual({ QosId: done[0] ? [qos] : [] });
    expect(FlowLogIds).toEqual({ FlowLogId: done[2] ? [flowLog] : [] });
  }
}, 120_000);
