import { type AccessKeyPair, type Ask, local, makeKey, openApi } from "./admin-api.ts";
import { carParameters, policyParameters } from "./both-entries.ts";
import { rawClient } from "./raw.ts";
import { startServer, type TestServer } from "./server.ts";

export const RegionId = "cn-shanghai";

/** A server with two product accounts, and an access key of one of them. */
export interface TwoAccounts {
  server: TestServer;
  key: AccessKeyPair;
  raw: ReturnType<typeof rawClient>;
  /** Ids of objects of both accounts. */
  ids: string[];
  /** Values of the other account, which must never be disclosed. */
  secrets: string[];
  close(): Promise<void>;
}

/** Creates a QoS policy with its rules and a flow log; returns their ids. */
async function trafficObjects(ask: Ask, name: string): Promise<string[]> {
  const { QosId } = await ask("CreateQos", { RegionId, QosName: name });
  const { QosCarId } = await ask("CreateQosCar", { RegionId, QosId, ...carParameters, Name: name });
  const { QosPolicyId } = await ask("CreateQosPolicy", { RegionId, QosId, ...policyParameters, Name: name });
  const { FlowLogId } = await ask("CreateFlowLog", { RegionId, Name: name, NetflowServerIp: "10.9.9.9" });
  return [QosId, QosCarId, QosPolicyId, FlowLogId].map(String);
}

export async function startTwoAccounts(): Promise<TwoAccounts> {
  const server = await startServer();
  await local(server, "CreateTenant", { Name: "partner" });
  const key = await makeKey(server, "administrator", "partner");
  const raw = rawClient(server, key);
  const theirs = openApi(server, await makeKey(server));
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
  const { SmartAGId } = await theirs("CreateSmartAccessGatewaySoftware", order);
  await theirs("ModifySmartAccessGateway", { RegionId, SmartAGId, Name: "Geheim GmbH", CidrBlock: "10.77.0.0/24" });
  const user = {
    RegionId,
    SmartAGId,
    UserMail: "geheim@example.com",
    UserName: "geheim.person",
    Password: "12345678",
    Bandwidth: 1,
  };
  await theirs("CreateSmartAccessGatewayClientUser", user);
  await theirs("CreateCloudNetwork", { Name: "Geheimnetz", CidrBlock: ["10.99.0.0/16"] }, "sag");
  const ours = openApi(server, key);
  const ids = [String(SmartAGId)];
  for (const ask of [theirs, ours]) {
    ids.push(String((await ask("CreateSmartAccessGatewaySoftware", order)).SmartAGId));
    ids.push(String((await ask("CreateCloudConnectNetwork", { RegionId })).CcnId));
    ids.push(String((await ask("CreateCen", {}, "cbn")).CenId));
    ids.push(String((await ask("CreateACL", { RegionId, Name: "list" })).AclId));
    ids.push(...(await trafficObjects(ask, ask === ours ? "own" : "Geheim")));
  }
  const close = async () => {
    raw.close();
    await server.close();
  };
  return { server, key, raw, ids, secrets: ["Geheim", "geheim", "10.77.0.0", "10.99.0.0"], close };
}
