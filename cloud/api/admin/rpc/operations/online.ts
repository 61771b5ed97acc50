import { accountKick } from "../../../../admin/commands/accounts.ts";
import { accountFlow, accountSessionCount, accountSessions, sessionCount } from "../../../../admin/commands/online.ts";
import { say } from "../../../../base/say.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { id, inRegion, list, required, sagId, text, userName } from "./common.ts";

const mapped = mapping("smartag", "online");

const inInstance = { RegionId: inRegion, SmartAGId: required(sagId) };
const instanceOf = (v: { SmartAGId: string; RegionId: string }) => ({ id: v.SmartAGId, region: v.RegionId });
const userNames = list(text({ max: 64 }), 50);

export const onlineOperations: Operation[] = [
  mapped("DescribeSagOnlineClientStatistics", {
    command: sessionCount,
    parameters: { RegionId: inRegion, SmartAGIds: list(id) },
    input: (v) => ({ region: v.RegionId, instances: v.SmartAGIds }),
    answer: (rows) => ({
      SagStatistics: { Statistics: rows.map((row) => ({ SmartAGId: row.id, OnlineCount: String(row.online) })) },
    }),
  }),
  mapped("DescribeUserOnlineClientStatistics", {
    command: accountSessionCount,
    parameters: { ...inInstance, UserNames: userNames },
    input: (v) => ({ instance: instanceOf(v), users: v.UserNames }),
    answer: (rows) => ({
      UserStatistics: { Statistics: rows.map((row) => ({ UserName: row.user, OnlineCount: String(row.online) })) },
    }),
  }),
  mapped("DescribeUserOnlineClients", {
    command: accountSessions,
    parameters: { ...inInstance, UserName: required(userName) },
    input: (v) => ({ instance: instanceOf(v), user: v.UserName }),
    answer: (rows) => ({
      Users: {
        User: rows.map((row) => ({
          ClientIp: row.clientIp,
          OnlineTime: String(Math.floor(row.startedAt / 1_000)),
        })),
      },
    }),
  }),
  mapped("DescribeUserFlowStatistics", {
    command: accountFlow,
    parameters: {
      ...inInstance,
      UserNames: userNames,
      StatisticsDate: text({ pattern: /^\d{4}(0[1-9]|1[0-2])$/, rule: say("form_month") }),
    },
    input: (v) => ({ instance: instanceOf(v), users: v.UserNames, month: v.StatisticsDate }),
    answer: (rows) => ({
      SagStatistics: {
        Statistics: rows.map((row) => ({
          UserName: row.user,
          TotalBytes: String(row.bytes),
          TotalLeaveBytes: String(row.bytesLeft),
        })),
      },
    }),
  }),
  mapped("KickOutClients", {
    command: accountKick,
    parameters: { ...inInstance, Username: required(userName) },
    input: (v) => ({ instance: instanceOf(v), user: v.Username, reason: "" }),
  }),
];
