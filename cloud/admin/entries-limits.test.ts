import { expect, test } from "vitest";
import type { Refusal } from "../base/cause.ts";
import type { Refused } from "../testing/admin-api.ts";
import {
  accountInput,
  accountParameters,
  aclInput,
  bothEntries,
  ccnInput,
  region as RegionId,
  refusalOf,
} from "../testing/both-entries.ts";

// Both APIs run the same commands, so each limit applies to both, with the same message.

const { rpc, sagctl, ordered, newUser, quota } = bothEntries();

interface Limit {
  code: string;
  cause: string;
  /** Fills up to the limit; returns calls that exceed it, for each API. */
  reach(): Promise<{ rpc(): Promise<unknown>; sagctl(): Promise<unknown> }>;
}

const counted = async (operation: string) => Number((await rpc(operation, { RegionId })).UsedAmount);

const limits: Record<string, Limit> = {
  "accounts of an instance": {
    code: "ClientUser.UserOverLimit",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(1);
      await sagctl("account create", accountInput(id, newUser()));
      return {
        rpc: () => rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, newUser())),
        sagctl: () => sagctl("account create", accountInput(id, newUser())),
      };
    },
  },
  "one name in an instance": {
    code: "ClientUser.UserExist",
    cause: "already_exists",
    async reach() {
      const { id } = await ordered(5);
      const user = newUser();
      await rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, user));
      return {
        rpc: () => rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, user)),
        sagctl: () => sagctl("account create", accountInput(id, user)),
      };
    },
  },
  "one account for a fixed address": {
    code: "ClientUser.InvalidClientIp",
    cause: "address_in_use",
    async reach() {
      const { id, block } = await ordered(5);
      const address = `${block}.9`;
      await sagctl("account create", accountInput(id, newUser(), { clientIp: address }));
      return {
        rpc: () => rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, newUser(), { ClientIp: address })),
        sagctl: () => sagctl("account create", accountInput(id, newUser(), { clientIp: address })),
      };
    },
  },
  "a fixed address inside the blocks": {
    code: "ClientUser.InvalidClientIp",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(5);
      return {
        rpc: () =>
          rpc("CreateSmartAccessGatewayClientUser", accountParameters(id, newUser(), { ClientIp: "10.9.9.9" })),
        sagctl: () => sagctl("account create", accountInput(id, newUser(), { clientIp: "10.9.9.9" })),
      };
    },
  },
  "an account that is there": {
    code: "ClientUser.NameInvalid",
    cause: "not_found",
    async reach() {
      const { id } = await ordered(5);
      return {
        rpc: () => rpc("DisableSmartAccessGatewayUser", { RegionId, SmartAGId: id, UserName: "nobody.test" }),
        sagctl: () => sagctl("account disable", { instance: id, user: "nobody.test" }),
      };
    },
  },
  "blocks that do not overlap": {
    code: "SAG.CidrOverlap",
    cause: "invalid_argument",
    async reach() {
      const { id, block } = await ordered(5);
      const both = `${block}.0/24,${block}.128/25`;
      return {
        rpc: () => rpc("ModifySmartAccessGateway", { RegionId, SmartAGId: id, CidrBlock: both }),
        sagctl: () => sagctl("cidr add", { instance: id, cidr: `${block}.128/25` }),
      };
    },
  },
  "blocks that are private": {
    code: "SAG.InvalidCidr",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(5);
      return {
        rpc: () => rpc("ModifySmartAccessGateway", { RegionId, SmartAGId: id, CidrBlock: "8.8.8.0/24" }),
        sagctl: () => sagctl("cidr add", { instance: id, cidr: "8.8.8.0/24" }),
      };
    },
  },
  "at least one block": {
    code: "SAG.CidrEmpty",
    cause: "invalid_argument",
    async reach() {
      const { id, block } = await ordered(5);
      const input = { instance: id, cidr: `${block}.0/24` };
      return {
        rpc: () => rpc("RunCommand", { Command: "cidr remove", Parameters: JSON.stringify(input) }, "sag"),
        sagctl: () => sagctl("cidr remove", input),
      };
    },
  },
  "a private block of a CCN": {
    code: "InvalidCidrBlock",
    cause: "invalid_argument",
    async reach() {
      return {
        rpc: () => rpc("CreateCloudConnectNetwork", { RegionId, CidrBlock: "8.8.0.0/16" }),
        sagctl: () => sagctl("ccn create", { ...ccnInput, cidrBlock: "8.8.0.0/16" }),
      };
    },
  },
  "an instance for at least one account": {
    code: "SAG.InvalidUserCount",
    cause: "invalid_argument",
    async reach() {
      return {
        rpc: () => ordered(0),
        sagctl: () => sagctl("instance order", { region: RegionId, userCount: 0, dataPlan: 5, months: 1 }),
      };
    },
  },
  "an instance for as many accounts as the quota allows": {
    code: "SAG.InvalidUserCount",
    cause: "invalid_argument",
    async reach() {
      return {
        rpc: () => ordered(2_001),
        sagctl: () => sagctl("instance order", { region: RegionId, userCount: 2_001, dataPlan: 5, months: 1 }),
      };
    },
  },
  "roaming to another instance": {
    code: "ClientUser.NotSupportAction",
    cause: "invalid_argument",
    async reach() {
      const { id } = await ordered(5);
      const user = newUser();
      await sagctl("account create", accountInput(id, user));
      const ids = { OriginSmartAGId: id, TargetSmartAGId: id };
      return {
        rpc: () => rpc("RoamClientUser", { ...ids, OriginRegionId: RegionId, RegionId, UserName: user }),
        sagctl: () => sagctl("account roam", { instance: id, target: id, user }),
      };
    },
  },
  "blocks of an instance": {
    code: "QuotaExceeded.Cidr",
    cause: "invalid_argument",
    async reach() {
      const { id, block } = await ordered(5);
      await quota("cidrs-per-instance", 1);
      return {
        rpc: () => rpc("ModifySmartAccessGateway", { RegionId, SmartAGId: id, CidrBlock: `${block}.0/24,10.8.0.0/24` }),
        sagctl: () => sagctl("cidr add", { instance: id, cidr: "10.8.0.0/24" }),
      };
    },
  },
  "instances of an account": {
    code: "QuotaExceeded.SmartAccessGateway",
    cause: "invalid_argument",
    async reach() {
      await quota("instances-per-account", Math.max(1, await counted("GetSmartAccessGatewayUseLimit")));
      return {
        rpc: () => ordered(1),
        sagctl: () => sagctl("instance create", { name: "One more", cidrs: ["10.7.0.0/24"] }),
      };
    },
  },
  "CCNs of an account": {
    code: "QuotaExceeded.CCN",
    cause: "invalid_argument",
    async reach() {
      await rpc("CreateCloudConnectNetwork", { RegionId });
      await quota("ccns-per-account", await counted("GetCloudConnectNetworkUseLimit"));
      return {
        rpc: () => rpc("CreateCloudConnectNetwork", { RegionId }),
        sagctl: () => sagctl("ccn create", ccnInput),
      };
    },
  },
  "access control lists of an account": {
    code: "AclAmountLimit",
    cause: "invalid_argument",
    async reach() {
      await quota("acls-per-account", 1);
      await rpc("CreateACL", { RegionId, Name: "the one" });
      return {
        rpc: () => rpc("CreateACL", { RegionId, Name: "another" }),
        sagctl: () => sagctl("acl create", { ...aclInput, name: "another" }),
      };
    },
  },
  "a code that is free": {
    code: "EnterpriseCode.AlreadyExist",
    cause: "already_exists",
    async reach() {
      await sagctl("code create", { code: "TAKEN" });
      return {
        rpc: () => rpc("CreateEnterpriseCode", { RegionId, EnterpriseCode: "TAKEN" }),
        sagctl: () => sagctl("code create", { code: "TAKEN" }),
      };
    },
  },
  "one CCN for an instance": {
    code: "AlreadyBound.CCN",
    cause: "already_exists",
    async reach() {
      await quota("ccns-per-account", 100);
      const { id } = await ordered(1);
      const ccn = async () => String((await rpc("CreateCloudConnectNetwork", { RegionId })).CcnId);
      const [first, second] = [await ccn(), await ccn()];
      await sagctl("ccn bind", { ccn: first, instance: id });
      return {
        rpc: () => rpc("BindSmartAccessGateway", { CcnId: second, SmartAGId: id }),
        sagctl: () => sagctl("ccn bind", { ccn: second, instance: id }),
      };
    },
  },
};

for (const [name, { code, cause, reach }] of Object.entries(limits)) {
  test(`${name}: both APIs enforce the same limit with the same message`, async () => {
    const beyond = await reach();
    const there = await refusalOf<Refused>(beyond.rpc());
    const here = await refusalOf<Refusal>(beyond.sagctl());
    await quota("cidrs-per-instance", 10);
    await quota("instances-per-account", 500);
    await quota("acls-per-account", 10);
    expect([there?.code, here?.code]).toEqual([code, cause]);
    expect(here?.message).toBe(String(there?.body.Message));
  }, 60_000);
}
