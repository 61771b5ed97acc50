import { afterAll, beforeAll } from "vitest";
import { type Ask, type Fields, makeKey, openApi } from "./admin-api.ts";
import { startServer, type TestServer } from "./server.ts";

export const region = "cn-shanghai";
const password = "correct-horse";

/** A server for the tests of one file, with both ways to run its commands: sagctl's socket and the published API. */
export function bothEntries() {
  let server: TestServer;
  let api: Ask;
  let made = 0;
  beforeAll(async () => {
    server = await startServer();
    api = openApi(server, await makeKey(server));
  });
  afterAll(() => server.close());

  const rpc: Ask = (...call) => api(...call);
  const sagctl = (command: string, input: Fields) => server.ask(command, input) as Promise<Fields>;

  /** Orders an instance and gives it an address block, "10.100.0" without the last byte. */
  async function ordered(users: number): Promise<{ id: string; block: string }> {
    const order = { RegionId: region, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: users, AutoPay: true };
    const id = String((await rpc("CreateSmartAccessGatewaySoftware", order)).SmartAGId);
    const block = `10.${100 + Math.floor(made / 200)}.${made++ % 200}`;
    await rpc("ModifySmartAccessGateway", { RegionId: region, SmartAGId: id, CidrBlock: `${block}.0/24` });
    return { id, block };
  }

  const quota = (name: string, value: number) => sagctl("quota set", { name, value });

  return {
    rpc,
    sagctl,
    ordered,
    newUser: () => `account-${++made}`,
    quota,
    /** Raises the quotas of QoS policies and flow logs. */
    async makeRoom() {
      await quota("qos-per-account", 1_000);
      await quota("flow-logs-per-account", 1_000);
    },
    newQos: async () => String((await sagctl("qos create", qosInput)).id),
    newFlowLog: async () => String((await sagctl("flow-log create", flowLogInput)).id),
  };
}

/** Input of `account create`. */
export const accountInput = (instance: string, user: string, more: object = {}): Fields => ({
  instance,
  user,
  mail: "a@b.test",
  password,
  ...more,
});

/** The same account as parameters of CreateSmartAccessGatewayClientUser. */
export const accountParameters = (SmartAGId: string, UserName: string, more: object = {}): Fields => ({
  RegionId: region,
  SmartAGId,
  UserName,
  UserMail: "a@b.test",
  Password: password,
  Bandwidth: 1_000,
  ...more,
});

/** Minimal input of the commands that create objects. */
export const ccnInput = { name: "", description: "", region, cidrBlock: "", snatCidrBlock: "", markedDefault: false };
export const cenInput = { name: "", description: "", protectionLevel: "REDUCED", tags: [] };
export const bandwidthInput = {
  name: "",
  description: "",
  bandwidth: 10,
  areaA: "China",
  areaB: "Europe",
  chargeType: "PREPAY",
  tags: [],
};
export const networkInput = { name: "inside", region, cidrs: ["10.4.0.0/16"], accessPoints: [] };
export const aclInput = { name: "a list", type: "acl-software", region };
export const qosInput = { name: "a-policy", region };
export const flowLogInput = { region, netflowServerIp: "10.9.9.9" };

/** A rule of `qos add-car`, and the same as parameters of CreateQosCar. */
export const carInput = { priority: 1, limitType: "Absolute", minAbs: 2, maxAbs: 6 };
export const carParameters = { Priority: 1, LimitType: "Absolute", MinBandwidthAbs: 2, MaxBandwidthAbs: 6 };

/** A rule of `qos add-policy`, and the same as parameters of CreateQosPolicy. */
export const policyInput = {
  priority: 1,
  protocol: "ALL",
  sourceCidr: "0.0.0.0/0",
  destCidr: "0.0.0.0/0",
  sourcePorts: "-1/-1",
  destPorts: "-1/-1",
};
export const policyParameters = {
  Priority: 1,
  IpProtocol: "ALL",
  SourceCidr: "0.0.0.0/0",
  DestCidr: "0.0.0.0/0",
  SourcePortRange: "-1/-1",
  DestPortRange: "-1/-1",
};

/** A rule of `acl add`. */
export const ruleInput = {
  direction: "out",
  policy: "drop",
  protocol: "ALL",
  sourceCidr: "0.0.0.0/0",
  destCidr: "0.0.0.0/0",
  sourcePorts: "-1/-1",
  destPorts: "-1/-1",
};

/** The error of a call; `undefined` if it succeeded. */
export async function refusalOf<Reason>(call: Promise<unknown>): Promise<Reason | undefined> {
  try {
    await call;
  } catch (error) {
    return error as Reason;
  }
  return undefined;
}
