import { afterAll, beforeAll, expect, test } from "vitest";
import { Fixer, HopKind, WarningCode } from "#proto/types/v1/state_pb.js";
import { hello, registerAccessPoint, type TestAccessPoint } from "./testing/access-point.ts";
import { type Ask, type Fields, local, makeKey, openApi } from "./testing/admin-api.ts";
import { makeAccount, makeInstance, refusal, signIn } from "./testing/person.ts";
import { startServer, type TestServer } from "./testing/server.ts";

let server: TestServer;
let here: TestAccessPoint;
let ours: Ask;
let theirs: Ask;
let uids: Record<string, number>;
const RegionId = "cn-shanghai";

beforeAll(async () => {
  server = await startServer();
  await local(server, "CreateTenant", { Name: "partner" });
  here = await registerAccessPoint(server.running.url, server.ask, "here");
  await here.connect();
  ours = openApi(server, await makeKey(server));
  theirs = openApi(server, await makeKey(server, "administrator", "partner"));
  const { Tenant } = (await local(server, "DescribeTenants")).Tenants as { Tenant: { Name: string; Uid: number }[] };
  uids = Object.fromEntries(Tenant.map(({ Name, Uid }) => [Name, Uid]));
});
afterAll(async () => {
  await here.disconnect();
  await server.close();
});

type Session = Awaited<ReturnType<Awaited<ReturnType<typeof signIn>>["dial"]>>;

/** Receives a change and fetches it, like sag-tunnel. Returns the ms from the change to the new routes. */
async function told(session: Session, change: () => Promise<unknown>) {
  const stop = new AbortController();
  const events = session.api.events({ hello }, { signal: stop.signal })[Symbol.asyncIterator]();
  await events.next();
  await change();
  const begun = performance.now();
  const { value } = await events.next();
  expect(value?.event.case).toBe("profileChanged");
  const renewed = (await session.api.renew({ hello })).session;
  const ms = performance.now() - begun;
  stop.abort();
  expect(ms).toBeLessThan(2_000);
  if (!renewed) throw new Error("no session");
  // The access point has the client's routes, and the session is the same.
  await expect.poll(() => here.peers.get(session.sessionId)?.destinations).toEqual(renewed.routes);
  expect(renewed.addresses).toEqual(session.addresses);
  return renewed;
}

const network = "10.50.0.0/16";

test("names each broken hop and who can fix it; after the fix, routes are back within 2 s", async () => {
  const instance = await makeInstance(server);
  const SmartAGId = instance.id;
  await makeAccount(server, SmartAGId, "anna.test");
  const { CcnId } = await ours("CreateCloudConnectNetwork", { RegionId, Name: "office" });
  const { CenId } = await ours("CreateCen", { Name: "backbone" }, "cbn");
  const { CloudNetworkId } = await ours("CreateCloudNetwork", { Name: "servers", CidrBlock: [network] }, "sag");
  const child = { CenId, ChildInstanceId: CloudNetworkId, ChildInstanceType: "VPC", ChildInstanceRegionId: RegionId };
  const first = (await ours("DescribeSmartAccessGatewayAttribute", { RegionId, SmartAGId })).AssociatedCcnId;
  await ours("UnbindSmartAccessGateway", { RegionId, CcnId: first, SmartAGId });
  await ours("BindSmartAccessGateway", { RegionId, CcnId, SmartAGId });
  await ours("AttachCcnInstanceToCen", { RegionId, CcnId, CenId });
  await ours("AttachCenChildInstance", child, "cbn");
  const { AclId } = await ours("CreateACL", { RegionId, Name: "deny all" });
  const everything = {
    SourceCidr: "0.0.0.0/0",
    DestCidr: "0.0.0.0/0",
    SourcePortRange: "-1/-1",
    DestPortRange: "-1/-1",
  };
  await ours("AddACLRule", { RegionId, AclId, Direction: "out", Policy: "drop", IpProtocol: "ALL", ...everything });
  const there = await registerAccessPoint(server.running.url, server.ask, "there", 51821);
  const through = (fields: Fields) => ours("ModifyCloudNetwork", { CloudNetworkId, ...fields }, "sag");

  const session = await (await signIn(server, instance.code, "anna.test")).dial();
  expect(session.routes).toEqual([network]);
  expect(session.hops.map((hop) => [hop.kind, hop.whole])).toEqual(
    [HopKind.CLIENT, HopKind.ACCESS_POINT, HopKind.INSTANCE, HopKind.CCN, HopKind.CEN, HopKind.CLOUD_NETWORK].map(
      (kind) => [kind, true],
    ),
  );

  const breaks: [string, () => Promise<unknown>, () => Promise<unknown>, HopKind, WarningCode][] = [
    [
      "CCN",
      () => ours("UnbindSmartAccessGateway", { RegionId, CcnId, SmartAGId }),
      () => ours("BindSmartAccessGateway", { CcnId, SmartAGId }),
      HopKind.CCN,
      WarningCode.CCN_NOT_BOUND,
    ],
    [
      "CEN",
      () => ours("DetachCcnInstanceFromCen", { CcnId, CenId }),
      () => ours("AttachCcnInstanceToCen", { CcnId, CenId }),
      HopKind.CEN,
      WarningCode.CCN_NOT_ATTACHED_TO_CEN,
    ],
    [
      "network",
      () => ours("DetachCenChildInstance", child, "cbn"),
      () => ours("AttachCenChildInstance", child, "cbn"),
      HopKind.CLOUD_NETWORK,
      WarningCode.CLOUD_NETWORK_NOT_ATTACHED,
    ],
    [
      "list",
      () => ours("AssociateACL", { RegionId, AclId, SmartAGId }),
      () => ours("DisassociateACL", { RegionId, AclId, SmartAGId }),
      HopKind.CLOUD_NETWORK,
      WarningCode.ACL_DENIES,
    ],
    [
      "access point",
      () => through({ AccessPointId: [there.id] }),
      () => through({ AnyAccessPoint: true }),
      HopKind.CLOUD_NETWORK,
      WarningCode.CLOUD_NETWORK_UNREACHABLE,
    ],
  ];
  for (const [what, broken, mended, kind, code] of breaks) {
    const without = await told(session, broken);
    expect(without.routes, what).toEqual([]);
    const hop = without.hops.find((h) => h.missing?.code === code);
    expect([hop?.kind, hop?.missing?.fixer, hop?.whole], what).toEqual([kind, Fixer.ADMINISTRATOR, false]);
    expect(
      without.warnings.map((warning) => warning.code),
      what,
    ).toContain(code);
    const again = await told(session, mended);
    expect(again.routes, what).toEqual([network]);
    expect(
      again.hops.every((h) => h.whole),
      what,
    ).toBe(true);
  }
});

test("another area works with a bandwidth package and a limit", async () => {
  const instance = await makeInstance(server, "10.87.0.0/24");
  await makeAccount(server, instance.id, "anna.test");
  const { CcnId } = await ours("CreateCloudConnectNetwork", { RegionId, Name: "office" });
  const { CenId } = await ours("CreateCen", { Name: "world" }, "cbn");
  const first = (await ours("DescribeSmartAccessGatewayAttribute", { RegionId, SmartAGId: instance.id }))
    .AssociatedCcnId;
  await ours("UnbindSmartAccessGateway", { RegionId, CcnId: first, SmartAGId: instance.id });
  await ours("BindSmartAccessGateway", { RegionId, CcnId, SmartAGId: instance.id });
  await ours("AttachCcnInstanceToCen", { RegionId, CcnId, CenId });
  const abroad = "ap-southeast-1";
  const made = await ours(
    "CreateCloudNetwork",
    { RegionId: abroad, Name: "singapore", CidrBlock: ["10.60.0.0/16"] },
    "sag",
  );
  await ours(
    "AttachCenChildInstance",
    { CenId, ChildInstanceId: made.CloudNetworkId, ChildInstanceType: "VPC", ChildInstanceRegionId: abroad },
    "cbn",
  );
  const session = await (await signIn(server, instance.code, "anna.test")).dial();
  expect(session.routes).toEqual([]);
  expect(session.warnings.map((w) => w.code)).toEqual([WarningCode.AREA_NEEDS_BANDWIDTH]);
  const areas = { GeographicRegionAId: "China", GeographicRegionBId: "Asia-Pacific" };
  const { CenBandwidthPackageId } = await ours("CreateCenBandwidthPackage", { Bandwidth: 10, ...areas }, "cbn");
  await ours("AssociateCenBandwidthPackage", { CenId, CenBandwidthPackageId }, "cbn");
  const limit = { CenId, LocalRegionId: `ccn-${RegionId}`, OppositeRegionId: abroad };
  const after = await told(session, () =>
    ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 10 }, "cbn"),
  );
  expect(after.routes).toEqual(["10.60.0.0/16"]);
  const none = await told(session, () =>
    ours("SetCenInterRegionBandwidthLimit", { ...limit, BandwidthLimit: 0 }, "cbn"),
  );
  expect(none.routes).toEqual([]);
});

test("reports a revoked grant between accounts", async () => {
  const instance = await makeInstance(server, "10.88.0.0/24");
  await makeAccount(server, instance.id, "anna.test");
  await server.ask("route add", { instance: instance.id, routes: ["10.0.0.0/16"] });
  const { CcnId } = await theirs("CreateCloudConnectNetwork", { RegionId, Name: "theirs" });
  const { CenId } = await theirs("CreateCen", { Name: "theirs" }, "cbn");
  await theirs("AttachCcnInstanceToCen", { CcnId, CenId });
  const first = (await ours("DescribeSmartAccessGatewayAttribute", { RegionId, SmartAGId: instance.id }))
    .AssociatedCcnId;
  await ours("UnbindSmartAccessGateway", { RegionId, CcnId: first, SmartAGId: instance.id });
  const grant = { RegionId, SmartAGId: instance.id, CcnInstanceId: CcnId };
  await ours("GrantSagInstanceToCcn", { ...grant, CcnUid: uids.partner });
  await theirs("BindSmartAccessGateway", { CcnId, SmartAGId: instance.id, SmartAGUid: uids.default });
  const vpc = await theirs("CreateCloudNetwork", { Name: "partner", CidrBlock: ["10.70.0.0/16"] }, "sag");
  await theirs(
    "AttachCenChildInstance",
    { CenId, ChildInstanceId: vpc.CloudNetworkId, ChildInstanceType: "VPC", ChildInstanceRegionId: RegionId },
    "cbn",
  );
  const session = await (await signIn(server, instance.code, "anna.test")).dial();
  expect(session.routes).toEqual(["10.70.0.0/16"]);
  const without = await told(session, () => ours("RevokeSagInstanceFromCcn", grant));
  expect(without.routes).toEqual([]);
  expect(without.hops.find((hop) => hop.kind === HopKind.CCN)?.missing?.code).toBe(WarningCode.GRANT_MISSING);
  const again = await told(session, () => ours("GrantSagInstanceToCcn", { ...grant, CcnUid: uids.partner }));
  expect(again.routes).toEqual(["10.70.0.0/16"]);
});

test("locking an instance disconnects at once, its end at that time; after a renewal clients can dial again", async () => {
  const instance = await makeInstance(server, "10.90.0.0/24");
  await makeAccount(server, instance.id, "anna.test");
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  await local(server, "SetInstanceLock", { SmartAGId: instance.id, Locked: "true" });
  expect((await refusal(session.api.renew({ hello }))).word).toBe("instance_locked");
  expect((await refusal(anna.dial())).word).toBe("instance_locked");
  expect((await refusal(signIn(server, instance.code, "anna.test"))).word).toBe("instance_locked");
  await local(server, "SetInstanceLock", { SmartAGId: instance.id, Locked: "false" });
  await anna.dial();
});

test("a name server does not allow traffic to another account's network", async () => {
  const instance = await makeInstance(server);
  const SmartAGId = instance.id;
  await makeAccount(server, SmartAGId, "anna.test");
  const CidrBlock = ["10.66.0.0/16"];
  await theirs("CreateCloudNetwork", { Name: "their servers", CidrBlock }, "sag");
  const dns = { RegionId, SmartAGId };
  await ours("ModifyClientUserDNS", { ...dns, AppDNS: ["10.66.0.53"] });
  const anna = await signIn(server, instance.code, "anna.test");
  const session = await anna.dial();
  expect(session.dns?.servers).toEqual(["10.66.0.53"]);
  expect(here.peers.get(session.sessionId)?.destinations.filter((to) => to.startsWith("10.66."))).toEqual([]);
  // If the instance's own routes contain the name server, it is reachable like any host.
  await server.ask("route add", { instance: instance.id, routes: ["10.66.0.0/24"] });
  await expect
    .poll(() => here.peers.get(session.sessionId)?.destinations.filter((to) => to.startsWith("10.66.")))
    .toEqual(["10.66.0.0/24"]);
});
