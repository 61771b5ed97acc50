import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Store } from "../../../store/db.ts";
import { query } from "../../../store/kysely.ts";
import { openStore } from "../../../store/open.ts";
import { closeStore } from "../../../store/transaction.ts";
import { registerAccessPoint } from "../../../testing/access-point.ts";
import { flatten, local, makeKey, openApi } from "../../../testing/admin-api.ts";
import { carParameters, policyParameters } from "../../../testing/both-entries.ts";
import { rawClient } from "../../../testing/raw.ts";
import { startServer, type TestServer } from "../../../testing/server.ts";
import { operations } from "./operations/index.ts";
import { type Operation, productVersions } from "./protocol/operation.ts";

/**
 * Two product accounts with one object of every kind. Each tries to access the other's objects with every operation, parameter by
 * parameter.
 */

const RegionId = "cn-shanghai";
let server: TestServer;
let store: Store;

interface Owner {
  name: string;
  client: ReturnType<typeof rawClient>;
  /** Ids of its objects, by the parameter that refers to them. */
  ids: Record<string, string>;
  /** Texts that must occur only in its own answers. */
  secrets: string[];
}
let contoso: Owner;
let fabrikam: Owner;

async function owner(name: string, block: number): Promise<Owner> {
  const { Uid } = await local(server, "CreateTenant", { Name: name });
  const key = await makeKey(server, "administrator", name);
  const ask = openApi(server, key);
  const order = { RegionId, ChargeType: "PREPAY", Period: 1, DataPlan: 5, UserCount: 5, AutoPay: true };
  const { SmartAGId } = await ask("CreateSmartAccessGatewaySoftware", order);
  const one = { RegionId, SmartAGId };
  await ask("ModifySmartAccessGateway", { ...one, Name: `${name} Ltd`, CidrBlock: `10.${block}.0.0/24` });
  await ask("ModifyClientUserDNS", { ...one, AppDNS: [`10.${block}.9.53`] });
  const UserName = `${name}.person`;
  const person = { ...one, UserName, UserMail: `${name}@example.com`, Password: "12345678", Bandwidth: 1 };
  await ask("CreateSmartAccessGatewayClientUser", person);
  const codes = await ask("ListEnterpriseCode", { RegionId });
  const EnterpriseCode = (codes.EnterpriseCodes as { EnterpriseCode: string }[])[0]?.EnterpriseCode ?? "";
  const { CcnId } = await ask("CreateCloudConnectNetwork", { RegionId, Name: `${name} ccn` });
  const { CenId } = await ask("CreateCen", { Name: `${name} cen` }, "cbn");
  const { AclId } = await ask("CreateACL", { RegionId, Name: `${name} acl` });
  const all = {
    SourceCidr: "0.0.0.0/0",
    DestCidr: `10.${block}.8.0/24`,
    SourcePortRange: "-1/-1",
    DestPortRange: "-1/-1",
  };
  const rule = { RegionId, AclId, Direction: "out", Policy: "drop", IpProtocol: "ALL", ...all };
  const { AcrId } = await ask("AddACLRule", rule);
  const network = { RegionId, Name: `${name} vpc`, CidrBlock: [`10.${block}.7.0/24`] };
  const { CloudNetworkId } = await ask("CreateCloudNetwork", network, "sag");
  const child = { CenId, ChildInstanceId: CloudNetworkId, ChildInstanceType: "VPC", ChildInstanceRegionId: RegionId };
  await ask("AttachCenChildInstance", child, "cbn");
  await ask("AttachCcnInstanceToCen", { RegionId, CcnId, CenId });
  await ask("BindSmartAccessGateway", { RegionId, CcnId, SmartAGId });
  await ask("AssociateACL", { RegionId, AclId, SmartAGId });
  const { QosId } = await ask("CreateQos", { RegionId, QosName: `${name}-qos`, QosDescription: `of ${name}` });
  const { QosCarId } = await ask("CreateQosCar", { RegionId, QosId, ...carParameters, Description: name });
  const { QosPolicyId } = await ask("CreateQosPolicy", { RegionId, QosId, ...policyParameters, Description: name });
  await ask("AssociateQos", { RegionId, QosId, SmartAGId });
  const { FlowLogId } = await ask("CreateFlowLog", { RegionId, Name: name, NetflowServerIp: `10.${block}.6.6` });
  await ask("AssociateFlowLog", { RegionId, FlowLogId, SmartAGId });
  const areas = {
    Bandwidth: 2,
    GeographicRegionAId: "China",
    GeographicRegionBId: "Asia-Pacific",
    Name: `${name} bwp`,
  };
  const { CenBandwidthPackageId } = await ask("CreateCenBandwidthPackage", areas, "cbn");
  await ask("AssociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
  const [sag, ccn, cen, acl, acr, vpc, bwp] = [
    SmartAGId,
    CcnId,
    CenId,
    AclId,
    AcrId,
    CloudNetworkId,
    CenBandwidthPackageId,
  ].map(String) as [string, string, string, string, string, string, string];
  const [qos, car, policy, log] = [QosId, QosCarId, QosPolicyId, FlowLogId].map(String) as [
    string,
    string,
    string,
    string,
  ];
  const ids = {
    ...{ SmartAGId: sag, InstanceId: sag, OriginSmartAGId: sag, TargetSmartAGId: sag, "SmartAGIds.1": sag },
    ...{ CcnId: ccn, CcnInstanceId: ccn, AssociatedCcnId: ccn, CenId: cen, CenInstanceId: cen },
    ...{ "ResourceId.1": cen },
    ...{ AclId: acl, AclIds: acl, UnboundAclIds: acl, AcrId: acr, ChildInstanceId: vpc, CloudNetworkId: vpc },
    ...{ QosId: qos, QosIds: qos, QosCarId: car, QosPolicyId: policy, FlowLogId: log },
    ...{ CenBandwidthPackageId: bwp, EnterpriseCode, KeyId: key.id, Tenant: name, UserName, Username: UserName },
    ...{ SmartAGUid: String(Uid), CcnUid: String(Uid), CenUid: String(Uid), "UserNames.1": UserName },
  };
  const objects = [sag, ccn, cen, acl, acr, qos, car, policy, log, vpc, bwp];
  const secrets = [...objects, EnterpriseCode, key.id, name, `10.${block}.`];
  return { name, client: rawClient(server, key), ids, secrets };
}

beforeAll(async () => {
  server = await startServer();
  // Access point number 1 belongs to the other account, too.
  await registerAccessPoint(server.running.url, server.ask, "here");
  contoso = await owner("contoso", 201);
  fabrikam = await owner("fabrikam", 202);
  store = openStore(server.directory);
});
afterAll(async () => {
  await closeStore(store);
  for (const { client } of [contoso, fabrikam]) client.close();
  await server.close();
});

/** Valid values of other required parameters, so that an operation is not refused because of these. */
const filler: Record<string, string> = flatten({
  ...{ RegionId, OriginRegionId: RegionId, ChildInstanceRegionId: RegionId, CenRegionId: RegionId },
  ...{ LocalRegionId: RegionId, OppositeRegionId: "ap-southeast-1", ChildInstanceType: "VPC", BandwidthLimit: 1 },
  ...{ UserCount: 6, DataPlan: 5, AutoPay: true, ChargeType: "PREPAY", Period: 1, IsDefault: true, Active: false },
  ...{
    UserMail: "a@example.com",
    Password: "12345678",
    Bandwidth: 2,
    OpenApiName: "CreateHealthCheck",
    Role: "administrator",
  },
  ...{ Direction: "in", Policy: "accept", IpProtocol: "ALL", SourceCidr: "0.0.0.0/0", DestCidr: "0.0.0.0/0" },
  ...{ SourcePortRange: "-1/-1", DestPortRange: "-1/-1", GeographicRegionAId: "China", GeographicRegionBId: "Europe" },
  ...{ ResourceType: "cen", QosName: "taken", ...carParameters },
  ...{
    Name: "taken over",
    Value: 3,
    Locked: true,
    Command: "instance list",
    Parameters: "{}",
    SmartAGSn: "",
    AccessPointId: 1,
  },
});

/** All rows of all tables, except those that any request leaves behind. */
async function rows(): Promise<Map<string, Set<string>>> {
  const out = new Map<string, Set<string>>();
  for (const { name } of await query(store).introspection.getTables()) {
    if (/nonce|audit|repeat|answer/.test(name)) continue;
    const all = await query(store)
      .selectFrom(name as never)
      .selectAll()
      .execute();
    out.set(name, new Set(all.map((row) => JSON.stringify(row))));
  }
  return out;
}

function fieldsOf(operation: Operation, theirs: readonly string[], asker: Owner, other: Record<string, string>) {
  const fields: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(operation.parameters)) {
    const listed = `${name}.1`;
    for (const key of [name, listed]) {
      if (theirs.includes(key)) fields[key] = other[key] ?? "";
      else if (key in asker.ids) fields[key] = asker.ids[key] ?? "";
    }
    if (!(name in fields) && !(listed in fields) && (parameter.required || name === "Password" || name === "TagKey")) {
      if (name === "SmartAGSn" || name === "SerialNumber") fields[name] = fields.SmartAGId ?? "";
      else if (name === "CidrBlock") fields["CidrBlock.1"] = "10.250.0.0/24";
      else if (name === "Tag") fields["Tag.1.Key"] = "taken";
      else if (name === "TagKey") fields["TagKey.1"] = "team";
      else fields[name] = filler[name] ?? "";
    }
  }
  return fields;
}

/** Sets of parameters to point at the other account's objects: all at once, and one by one. */
function crossings(operation: Operation): string[][] {
  const named = Object.keys(operation.parameters)
    .flatMap((name) => [name, `${name}.1`])
    .filter((name) => name in contoso.ids);
  return named.length === 0 ? [[]] : [named, ...(named.length > 1 ? named.map((name) => [name]) : [])];
}

/**
 * Parameters that refer to nothing of the other account by themselves: account numbers, and a user name that may also exist in one's
 * own account.
 */
const alone = /Uid$|^CreateSmartAccessGatewayClientUser UserName$/;

/**
 * Error codes for objects that do not exist for the caller. Enterprise codes are unique across accounts, so these are reported as
 * taken.
 */
const notThere = new RegExp(
  [
    "^(SAG.InstanceNoFound|CCN.InvalidId|Parameter(Cen|Ccn|Bwp)?InstanceId|ParameterSag(ACL|ACLRule|Client|Qos|QosCar|QosPolicy)Id|CcnNotExist",
    "InvalidId.(Qos|QOSCAR|QOSPY)|SagQos(Car|Policy)NotExist|InvalidFlowLogId.NotFound|InvalidSmartAGId.NotFound",
    "SagAclRuleNotExist|ParameterIllegal.(ChildInstanceId|BwpInstanceId)|InvalidInstanceId.NotFound",
    "InvalidAclId|InvalidAcrId|InvalidCenInstanceId|InvalidEnterpriseCode|ClientUser.NameInvalid|CloudNetwork.NotFound",
    "AccessPointInvalid|EnterpriseCode.AlreadyExist|Forbidden.RAM)$",
  ].join("|"),
);
describe.each(["contoso asks for fabrikam's", "fabrikam asks for contoso's"])("%s", (title) => {
  const [asks, has] = title.startsWith("contoso") ? ["contoso", "fabrikam"] : ["fabrikam", "contoso"];
  const who = (name: string | undefined) => (name === "contoso" ? contoso : fabrikam);

  test.each(operations.map((operation) => [`${operation.product} ${operation.name}`, operation] as const))(
    "%s",
    async (_, operation) => {
      const [asker, victim] = [who(asks), who(has)];
      const before = await rows();
      for (const theirs of crossings(operation)) {
        if (theirs.length === 1 && alone.test(`${operation.name} ${theirs[0]}`)) continue;
        const fields = fieldsOf(operation, theirs, asker, victim.ids);
        const call = { action: operation.name, version: productVersions[operation.product] };
        const answer = await asker.client.ask({ ...call, fields });
        // Requested user names are repeated in the answer, whether or not they exist.
        const said = answer.text.replaceAll(fields["UserNames.1"] ?? "\0", "");
        // A refusal may repeat values of the request, but nothing else of the other account.
        const sent = Object.values(fields);
        for (const secret of victim.secrets) {
          if (answer.status === 200 || !sent.some((value) => value.includes(secret)))
            expect(said).not.toContain(secret);
        }
        if (theirs.length === 0) continue;
        if (answer.code !== "") expect(answer.code).toMatch(notThere);
        // A filter by a foreign object finds nothing.
        else expect(operation.access).toMatch(/read$/);
      }
      const after = await rows();
      for (const [table, was] of before) {
        const gone = [...was].filter((row) => !after.get(table)?.has(row));
        expect(gone.filter((row) => victim.secrets.some((secret) => row.includes(secret)))).toEqual([]);
      }
    },
  );
});
