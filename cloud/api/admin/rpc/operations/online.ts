import { ownAccount } from "../../../../domain/accounts/administer.ts";
import { ownInstance } from "../../../../domain/instances/own.ts";
import { endAccountSessions } from "../../../../domain/instances/sessions.ts";
import { limitOf } from "../../../../domain/quotas/limits.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { id, inRegion, list, required, sagId, text, userName } from "./common.ts";

const operation = group("smartag", "online and usage");

const inInstance = { RegionId: inRegion, SmartAGId: required(sagId) };
const userNames = list(text({ max: 64 }), 50);

/** Bytes of the plan: GB as the product counts them. */
const gigabyte = 1024 ** 3;

export const onlineOperations: Operation[] = [
  operation("DescribeSagOnlineClientStatistics", {
    access: "accounts-read",
    summary: "Counts the clients that are online, per instance.",
    parameters: { RegionId: inRegion, SmartAGIds: list(id) },
    async run(call, v) {
      const db = call.context.store;
      let query = db
        .selectFrom("instance")
        .leftJoin("session", (join) =>
          join.onRef("session.instance_id", "=", "instance.id").on("session.ended_at", "is", null),
        )
        .select((e) => ["instance.id", e.fn.count<number>("session.id").as("online")])
        .where("instance.tenant_id", "=", call.caller.tenant.id)
        .where("instance.region", "=", v.RegionId);
      if (v.SmartAGIds) query = query.where("instance.id", "in", v.SmartAGIds);
      const rows = await query.groupBy("instance.id").orderBy("instance.id").execute();
      const Statistics = rows.map((row) => ({ SmartAGId: row.id, OnlineCount: String(row.online) }));
      return { SagStatistics: { Statistics } };
    },
  }),
  operation("DescribeUserOnlineClientStatistics", {
    access: "accounts-read",
    summary: "Counts the clients that are online, per account.",
    parameters: { ...inInstance, UserNames: userNames },
    async run(call, v) {
      const db = call.context.store;
      const instance = await ownInstance(db, call.caller.tenant, v.SmartAGId, v.RegionId);
      let query = db
        .selectFrom("account")
        .leftJoin("session", (join) =>
          join.onRef("session.account_id", "=", "account.id").on("session.ended_at", "is", null),
        )
        .select((e) => ["account.user_name", e.fn.count<number>("session.id").as("online")])
        .where("account.instance_id", "=", instance.id);
      if (v.UserNames) query = query.where("account.user_name", "in", v.UserNames);
      const rows = await query.groupBy("account.id").orderBy("account.user_name").execute();
      const Statistics = rows.map((row) => ({ UserName: row.user_name, OnlineCount: String(row.online) }));
      return { UserStatistics: { Statistics } };
    },
  }),
  operation("DescribeUserOnlineClients", {
    access: "accounts-read",
    summary: "Lists the clients of an account that are online.",
    parameters: { ...inInstance, UserName: required(userName) },
    async run(call, v) {
      const db = call.context.store;
      const instance = await ownInstance(db, call.caller.tenant, v.SmartAGId, v.RegionId);
      const account = await ownAccount(db, instance.id, v.UserName);
      const rows = await db
        .selectFrom("session")
        .select(["client_ip", "started_at"])
        .where("account_id", "=", account.id)
        .where("ended_at", "is", null)
        .orderBy("started_at")
        .execute();
      const User = rows.map((row) => ({
        ClientIp: row.client_ip,
        OnlineTime: String(Math.floor(row.started_at / 1_000)),
      }));
      return { Users: { User } };
    },
  }),
  operation("DescribeUserFlowStatistics", {
    access: "accounts-read",
    summary: "Tells the bytes accounts have used in a month (UTC), as the greater of up and down.",
    parameters: {
      ...inInstance,
      UserNames: userNames,
      StatisticsDate: text({ pattern: /^\d{4}(0[1-9]|1[0-2])$/, rule: "yyyyMM; this month if absent" }),
    },
    async run(call, v) {
      const { store: db, clock } = call.context;
      const { tenant } = call.caller;
      const instance = await ownInstance(db, tenant, v.SmartAGId, v.RegionId);
      const limit = await limitOf(db, tenant.id, "users-per-flow-query");
      if ((v.UserNames ?? []).length > limit)
        throw new ApiFailure("InvalidUserNames", `At most ${limit} accounts at once.`);
      const month = v.StatisticsDate ?? new Date(clock.now()).toISOString().slice(0, 7).replace("-", "");
      const days = `${month.slice(0, 4)}-${month.slice(4)}-`;
      let query = db
        .selectFrom("traffic_day")
        .select((e) => ["user_name", e.fn.sum<number>("rx_bytes").as("rx"), e.fn.sum<number>("tx_bytes").as("tx")])
        .where("instance_id", "=", instance.id)
        .where("day", ">=", `${days}01`)
        .where("day", "<=", `${days}31`);
      if (v.UserNames) query = query.where("user_name", "in", v.UserNames);
      const used = new Map((await query.groupBy("user_name").execute()).map((row) => [row.user_name, row]));
      const names = v.UserNames ?? [...used.keys()].sort().slice(0, limit);
      const Statistics = names.map((name) => {
        const total = Math.max(Number(used.get(name)?.rx ?? 0), Number(used.get(name)?.tx ?? 0));
        const left = Math.max(0, instance.data_plan * gigabyte - total);
        return { UserName: name, TotalBytes: String(total), TotalLeaveBytes: String(left) };
      });
      return { SagStatistics: { Statistics } };
    },
  }),
  operation("KickOutClients", {
    access: "accounts",
    summary: "Ends all sessions of an account; its owner is told and may dial again.",
    parameters: { ...inInstance, Username: required(userName) },
    async run(call, v) {
      await call.change(async (change) => {
        const instance = await ownInstance(change.tx, call.caller.tenant, v.SmartAGId, v.RegionId);
        const account = await ownAccount(change.tx, instance.id, v.Username);
        const ended = await endAccountSessions(change, account.id, "kicked", "");
        await change.audit(account.id, null, { kicked: ended });
      });
      return {};
    },
  }),
];
