import { parseIp } from "../../../../base/ip.ts";
import { ownInstance } from "../../../../domain/instances/own.ts";
import { maxDnsServers } from "../../../../domain/limits/instance.ts";
import { profileChanged } from "../../../../domain/sessions/profile.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { inRegion, list, required, sagId, text } from "./common.ts";

const operation = group("smartag", "DNS");

const servers = list(text({ max: 64, rule: "an IP address" }), maxDnsServers);

function requireServers(name: string, given: readonly string[]): string[] {
  const wrong = given.find((address) => !parseIp(address));
  if (wrong !== undefined) throw new ApiFailure(`Invalid${name}`, `${name} must be IP addresses; ${wrong} is none.`);
  return [...new Set(given)];
}

export const dnsOperations: Operation[] = [
  operation("ModifyClientUserDNS", {
    access: "write",
    summary:
      "Sets the name servers pushed to clients; without AppDNS they are cleared. RecoveredDNS is stored and returned, never applied.",
    parameters: { RegionId: inRegion, SmartAGId: required(sagId), AppDNS: servers, RecoveredDNS: servers },
    async run(call, v) {
      const app = requireServers("AppDNS", v.AppDNS ?? []);
      const recovered = requireServers("RecoveredDNS", v.RecoveredDNS ?? []);
      await call.change(async (change) => {
        const { tx, context } = change;
        const { id } = await ownInstance(tx, call.caller.tenant, v.SmartAGId, v.RegionId);
        const addresses = async (table: "instance_dns_server" | "instance_recovered_dns", given: readonly string[]) => {
          const before = await tx
            .selectFrom(table)
            .select("address")
            .where("instance_id", "=", id)
            .orderBy("position")
            .execute();
          await tx.deleteFrom(table).where("instance_id", "=", id).execute();
          for (const [position, address] of given.entries()) {
            await tx.insertInto(table).values({ instance_id: id, address, position }).execute();
          }
          return before.map((row) => row.address);
        };
        const before = {
          appDns: await addresses("instance_dns_server", app),
          recoveredDns: await addresses("instance_recovered_dns", recovered),
        };
        if (app.length === 0) await tx.deleteFrom("instance_dns_domain").where("instance_id", "=", id).execute();
        await change.audit(id, before, { appDns: app, recoveredDns: recovered });
        change.after(() => profileChanged(context, id));
      });
      return {};
    },
  }),
  operation("DescribeClientUserDNS", {
    access: "read",
    summary: "Tells the name servers pushed to clients.",
    parameters: { RegionId: inRegion, SmartAGId: required(sagId) },
    async run(call, v) {
      const db = call.context.store;
      const { id } = await ownInstance(db, call.caller.tenant, v.SmartAGId, v.RegionId);
      const addresses = async (table: "instance_dns_server" | "instance_recovered_dns") =>
        (await db.selectFrom(table).select("address").where("instance_id", "=", id).orderBy("position").execute()).map(
          (row) => row.address,
        );
      return {
        AppDNS: await addresses("instance_dns_server"),
        RecoveredDNS: await addresses("instance_recovered_dns"),
      };
    },
  }),
];
