import { expect, test } from "vitest";
import { accountInput, accountParameters, aclInput, bothEntries, region as RegionId } from "../testing/both-entries.ts";

// Limits ("at most N", "exactly one") with parallel calls through sagctl's socket and the published API.

const { rpc, sagctl, ordered, quota } = bothEntries();

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
