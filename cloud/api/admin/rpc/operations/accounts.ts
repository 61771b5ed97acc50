import {
  accountAccelerate,
  accountCreate,
  accountDelete,
  accountDisable,
  accountEnable,
  accountResetPassword,
  accountRoam,
  accountSearch,
  accountSet,
} from "../../../../admin/commands/accounts.ts";
import { say } from "../../../../base/say.ts";
import type { AccountView } from "../../../../domain/accounts/accounts.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import {
  bool,
  clientToken,
  inRegion,
  paging,
  placeOf,
  required,
  sagId,
  text,
  userName,
  whole,
  wishOf,
} from "./common.ts";

const mapped = mapping("smartag", "accounts");

const one = { RegionId: inRegion, SmartAGId: required(sagId), UserName: required(userName) };
const newName = text({
  max: 64,
  missing: "ClientUser.NameEmpty",
  invalid: "ClientUser.NameInvalid",
  rule: say("form_user_name"),
});
const password = text({ max: 64, rule: say("form_password") });
const bandwidth = whole({
  invalid: "ClientUser.BandwidthInvalid",
  rule: say("form_bandwidth"),
});
const mail = text({
  max: 256,
  missing: "ClientUser.EmailEmpty",
  invalid: "ClientUser.EmailInvalid",
  rule: say("form_mail"),
});

const answerOf = (view: Pick<AccountView, "userName" | "mail" | "bandwidth" | "clientIp">) => ({
  UserName: view.userName,
  UserMail: view.mail,
  Bandwidth: view.bandwidth,
  ClientIp: view.clientIp ?? "",
});

const named = (v: { SmartAGId: string; RegionId: string; UserName: string }) => ({
  instance: { id: v.SmartAGId, region: v.RegionId },
  user: v.UserName,
});

/** The API requires both or neither: without them, the mail address becomes the name and a password is generated. */
function requireBoth(userName: string | undefined, password: string | undefined): void {
  if ((userName === undefined) === (password === undefined)) return;
  const code = userName === undefined ? "ClientUser.NameEmpty" : "MissingPassword";
  throw new ApiFailure(code, say("api_name_and_password"));
}

export const accountOperations: Operation[] = [
  mapped("CreateSmartAccessGatewayClientUser", {
    command: accountCreate,
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      UserMail: required(mail),
      UserName: newName,
      Password: password,
      ClientIp: text({ max: 64, invalid: "ClientUser.IpInvalid", rule: say("form_client_ip") }),
      Bandwidth: required(bandwidth),
    },
    input(v) {
      if (v.ClientIp !== undefined && !/^\d{1,3}(\.\d{1,3}){3}$/.test(v.ClientIp)) {
        throw new ApiFailure("ClientUser.IpInvalid", say("api_client_ip"));
      }
      requireBoth(v.UserName, v.Password);
      return {
        instance: { id: v.SmartAGId, region: v.RegionId },
        user: v.UserName,
        mail: v.UserMail,
        password: v.Password,
        clientIp: v.ClientIp,
        bandwidth: v.Bandwidth,
      };
    },
    answer: answerOf,
  }),
  mapped("ModifySmartAccessGatewayClientUser", {
    command: accountSet,
    parameters: { ...one, Bandwidth: bandwidth, Email: mail },
    input: (v) => ({ ...named(v), bandwidth: v.Bandwidth, mail: v.Email }),
    answer: answerOf,
  }),
  mapped("DeleteSmartAccessGatewayClientUser", {
    command: accountDelete,
    parameters: one,
    input: named,
    codes: { "no-instance": "ParameterSagClientId", "no-account": "ParameterSagClientId" },
  }),
  mapped("DescribeSmartAccessGatewayClientUsers", {
    command: accountSearch,
    parameters: {
      RegionId: inRegion,
      SmartAGId: required(sagId),
      UserName: text({ max: 64 }),
      UserMail: text({ max: 64 }),
      ...paging,
    },
    input: (v) => ({
      instance: { id: v.SmartAGId, region: v.RegionId },
      userName: v.UserName,
      mail: v.UserMail,
      page: wishOf(v),
    }),
    answer: (page) => ({
      ...placeOf(page),
      Users: {
        User: page.rows.map((account) => ({
          ...answerOf(account),
          IsStaticIp: account.clientIp === null ? 0 : 1,
          State: account.disabled ? 1 : 0,
          AccelerateBandwidth: account.accelerateBandwidth,
        })),
      },
    }),
  }),
  mapped("EnableSmartAccessGatewayUser", {
    command: accountEnable,
    parameters: one,
    input: named,
  }),
  mapped("DisableSmartAccessGatewayUser", {
    command: accountDisable,
    parameters: one,
    input: named,
  }),
  mapped("ResetSmartAccessGatewayClientUserPassword", {
    command: accountResetPassword,
    parameters: { ...one, Password: password },
    input: (v) => ({ ...named(v), password: v.Password }),
  }),
  mapped("RoamClientUser", {
    command: accountRoam,
    parameters: {
      OriginRegionId: inRegion,
      OriginSmartAGId: required(sagId),
      RegionId: inRegion,
      TargetSmartAGId: required(sagId),
      UserName: required(userName),
    },
    input: (v) => ({
      instance: { id: v.OriginSmartAGId, region: v.OriginRegionId },
      target: { id: v.TargetSmartAGId, region: v.RegionId },
      user: v.UserName,
    }),
  }),
  mapped("UpdateSmartAGUserAccelerateConfig", {
    command: accountAccelerate,
    parameters: { ...one, Bandwidth: required(bandwidth), DryRun: bool(), ClientToken: clientToken },
    input: (v) => ({ ...named(v), bandwidth: v.Bandwidth, dryRun: v.DryRun }),
  }),
];
