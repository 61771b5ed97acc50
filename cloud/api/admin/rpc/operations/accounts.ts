import {
  addAccount,
  modifyAccount,
  ownAccount,
  removeAccount,
  requireBandwidthOf,
  roamAccount,
  setAccountDisabled,
  setAccountPassword,
} from "../../../../domain/accounts/administer.ts";
import { shareCcnArea } from "../../../../domain/areas/regions.ts";
import { ownInstance } from "../../../../domain/instances/own.ts";
import { Secret } from "../../../../security/secret.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { clientToken, inRegion, pageOf, paging, required, sagId, text, truth, userName, whole } from "./common.ts";

const operation = group("smartag", "accounts");

const one = { RegionId: inRegion, SmartAGId: required(sagId), UserName: required(userName) };
const newName = text({
  max: 64,
  missing: "ClientUser.NameEmpty",
  invalid: "ClientUser.NameInvalid",
  rule: "7-33 letters, digits, _ @ . -, starting with a letter or digit",
});
const password = text({ max: 64, rule: "8-32 letters, digits, _ @ - ., starting with a letter or digit" });
const bandwidth = whole({
  min: 0,
  invalid: "ClientUser.BandwidthInvalid",
  rule: "1-20000 Kbit/s (quota bandwidth-per-user)",
});
const mail = text({
  max: 256,
  missing: "ClientUser.EmailEmpty",
  invalid: "ClientUser.EmailInvalid",
  rule: "2-64 characters with an @",
});

interface Shown {
  user_name: string;
  mail: string;
  bandwidth: number;
  client_ip: string | null;
}

const told = (row: Shown) => ({
  UserName: row.user_name,
  UserMail: row.mail,
  Bandwidth: row.bandwidth,
  ClientIp: row.client_ip ?? "",
});

export const accountOperations: Operation[] = [
  operation("CreateSmartAccessGatewayClientUser", {
    access: "accounts",
    summary:
      "Adds a client account. Without UserName and Password the mail address is the name, and a password is made.",
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      UserMail: required(mail),
      UserName: newName,
      Password: password,
      ClientIp: text({ max: 64, invalid: "ClientUser.IpInvalid", rule: "an IPv4 address in a private CIDR block" }),
      Bandwidth: required(bandwidth),
    },
    async run(call, v) {
      if (v.ClientIp !== undefined && !/^\d{1,3}(\.\d{1,3}){3}$/.test(v.ClientIp)) {
        throw new ApiFailure("ClientUser.IpInvalid", "ClientIp must be an IPv4 address.");
      }
      const wanted = {
        instanceId: v.SmartAGId,
        region: v.RegionId,
        mail: v.UserMail,
        userName: v.UserName,
        password: v.Password === undefined ? undefined : new Secret(v.Password),
        clientIp: v.ClientIp,
        bandwidth: v.Bandwidth,
      };
      const { account } = await addAccount(call, call.caller.tenant, wanted, call.caller.local);
      return told(account);
    },
  }),
  operation("ModifySmartAccessGatewayClientUser", {
    access: "accounts",
    summary: "Changes an account's bandwidth or mail address; running sessions feel the bandwidth at once.",
    parameters: { ...one, Bandwidth: bandwidth, Email: mail },
    async run(call, v) {
      const { tenant, local } = call.caller;
      return call.change(async (change) => {
        const instance = await ownInstance(change.tx, tenant, v.SmartAGId, v.RegionId);
        const row = await ownAccount(change.tx, instance.id, v.UserName);
        return told(await modifyAccount(change, tenant, row, { bandwidth: v.Bandwidth, mail: v.Email }, local));
      });
    },
  }),
  operation("DeleteSmartAccessGatewayClientUser", {
    access: "accounts",
    summary: "Deletes an account, also one that has used data this month; its accounting is kept.",
    parameters: one,
    async run(call, v) {
      await call.change(async (change) => {
        const instance = await ownInstance(change.tx, call.caller.tenant, v.SmartAGId, v.RegionId);
        await removeAccount(change, await ownAccount(change.tx, instance.id, v.UserName));
      });
      return {};
    },
  }),
  operation("DescribeSmartAccessGatewayClientUsers", {
    access: "accounts-read",
    summary: "Lists the accounts of an instance.",
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      UserName: text({ max: 64 }),
      UserMail: text({ max: 64 }),
      ...paging,
    },
    async run(call, v) {
      const db = call.context.store;
      const instance = await ownInstance(db, call.caller.tenant, v.SmartAGId, v.RegionId);
      let query = db.selectFrom("account").selectAll().where("instance_id", "=", instance.id);
      if (v.UserName) query = query.where("user_name", "=", v.UserName);
      if (v.UserMail) query = query.where("mail", "=", v.UserMail);
      const page = await pageOf(call, query, "account", v);
      const User = page.rows.map((row) => ({
        ...told(row),
        IsStaticIp: row.client_ip === null ? 0 : 1,
        State: row.disabled,
        AccelerateBandwidth: row.accelerate_bandwidth,
      }));
      return { ...page.told, Users: { User } };
    },
  }),
  ...(["Enable", "Disable"] as const).map((verb) =>
    operation(`${verb}SmartAccessGatewayUser`, {
      access: "accounts",
      summary: verb === "Enable" ? "Lets an account dial again." : "Disables an account; its sessions end at once.",
      parameters: one,
      async run(call, v) {
        await call.change(async (change) => {
          const instance = await ownInstance(change.tx, call.caller.tenant, v.SmartAGId, v.RegionId);
          await setAccountDisabled(change, await ownAccount(change.tx, instance.id, v.UserName), verb === "Disable");
        });
        return {};
      },
    }),
  ),
  operation("ResetSmartAccessGatewayClientUserPassword", {
    access: "accounts",
    summary: "Sets a new password, or makes one; all sign-ins of the account end.",
    parameters: { ...one, Password: password },
    async run(call, v) {
      await setAccountPassword(call, call.caller.tenant, {
        instanceId: v.SmartAGId,
        region: v.RegionId,
        userName: v.UserName,
        password: v.Password === undefined ? undefined : new Secret(v.Password),
      });
      return {};
    },
  }),
  operation("RoamClientUser", {
    access: "accounts",
    summary: "Copies an account to an instance of another area; from there its home networks are reached too.",
    parameters: {
      OriginRegionId: inRegion,
      OriginSmartAGId: required(sagId),
      RegionId: inRegion,
      TargetSmartAGId: required(sagId),
      UserName: required(userName),
    },
    async run(call, v) {
      const wanted = {
        originId: v.OriginSmartAGId,
        originRegion: v.OriginRegionId,
        targetId: v.TargetSmartAGId,
        targetRegion: v.RegionId,
        userName: v.UserName,
      };
      await call.change((change) => roamAccount(change, call.caller.tenant, wanted, shareCcnArea));
      return {};
    },
  }),
  operation("UpdateSmartAGUserAccelerateConfig", {
    access: "accounts",
    summary: "Stores an account's cap for application acceleration; nothing is accelerated here.",
    parameters: { ...one, Bandwidth: required(bandwidth), DryRun: truth(), ClientToken: clientToken },
    async run(call, v) {
      const { tenant } = call.caller;
      await call.change(async (change) => {
        const { tx } = change;
        const instance = await ownInstance(tx, tenant, v.SmartAGId, v.RegionId);
        const row = await ownAccount(tx, instance.id, v.UserName);
        await requireBandwidthOf(tx, tenant, v.Bandwidth, false);
        if (v.DryRun) throw new ApiFailure("DryRunOperation", "The request would have been carried out.");
        await tx.updateTable("account").set({ accelerate_bandwidth: v.Bandwidth }).where("id", "=", row.id).execute();
        await change.audit(row.id, { accelerate: row.accelerate_bandwidth }, { accelerate: v.Bandwidth });
      });
      return {};
    },
  }),
];
