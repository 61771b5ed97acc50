import { createCode, deleteCode, ownCode, setDefaultCode, useCode } from "../../../../domain/codes/codes.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation } from "../protocol/operation.ts";
import { clientToken, inRegion, required, sagId, text, truth, whole } from "./common.ts";

const operation = group("smartag", "enterprise codes");

const newCode = required(
  text({ pattern: /^[0-9A-Za-z]{5}$/, rule: "five letters or digits; letters count the same in either case" }),
);
const code = required(text({ max: 16 }));

export const codeOperations: Operation[] = [
  operation("CreateEnterpriseCode", {
    access: "write",
    summary: "Takes a code of one's own; the first one is the default.",
    parameters: { RegionId: inRegion, EnterpriseCode: newCode, ClientToken: clientToken },
    async run(call, v) {
      await call.change((change) => createCode(change, call.caller.tenant, v.EnterpriseCode));
      return {};
    },
  }),
  operation("ListEnterpriseCode", {
    access: "accounts-read",
    summary: "Lists the codes.",
    parameters: {
      RegionId: inRegion,
      EnterpriseCode: text({ max: 16 }),
      IsDefault: truth(),
      MaxResults: whole({ min: 1, max: 100 }),
      NextToken: text({ max: 64 }),
    },
    async run(call, v) {
      const db = call.context.store;
      const size = v.MaxResults ?? 20;
      let query = db.selectFrom("enterprise_code").selectAll().where("tenant_id", "=", call.caller.tenant.id);
      if (v.EnterpriseCode) query = query.where("code", "=", v.EnterpriseCode.toUpperCase());
      if (v.IsDefault !== undefined) query = query.where("is_default", "=", Number(v.IsDefault));
      const { total } = await query
        .clearSelect()
        .select((e) => e.fn.countAll<number>().as("total"))
        .executeTakeFirstOrThrow();
      if (v.NextToken !== undefined) {
        const after = Buffer.from(v.NextToken, "base64url").toString("utf8");
        if (!/^[0-9A-Z]{5}$/.test(after))
          throw new ApiFailure("InvalidNextToken", "NextToken is not one that was given out.");
        query = query.where("code", ">", after);
      }
      const rows = await query
        .orderBy("code")
        .limit(size + 1)
        .execute();
      const shown = rows.slice(0, size);
      const last = rows.length > size ? shown.at(-1)?.code : undefined;
      return {
        EnterpriseCodes: shown.map((row) => ({ EnterpriseCode: row.code, IsDefault: row.is_default === 1 })),
        MaxResults: size,
        NextToken: last === undefined ? "" : Buffer.from(last).toString("base64url"),
        TotalCount: Number(total),
      };
    },
  }),
  operation("UpdateEnterpriseCode", {
    access: "write",
    summary: "Makes a code the default; only later instances are touched.",
    parameters: { RegionId: inRegion, EnterpriseCode: code, IsDefault: required(truth()), ClientToken: clientToken },
    async run(call, v) {
      await call.change(async (change) => {
        const row = await ownCode(change.tx, call.caller.tenant, v.EnterpriseCode);
        await setDefaultCode(change, call.caller.tenant, row, v.IsDefault);
      });
      return {};
    },
  }),
  operation("DeleteEnterpriseCode", {
    access: "write",
    summary: "Gives a code back; not the default one, nor one that an instance has.",
    parameters: { RegionId: inRegion, EnterpriseCode: code, ClientToken: clientToken },
    async run(call, v) {
      await call.change(async (change) =>
        deleteCode(change, await ownCode(change.tx, call.caller.tenant, v.EnterpriseCode)),
      );
      return {};
    },
  }),
  operation("UpdateSmartAGEnterpriseCode", {
    access: "write",
    summary: "Gives an instance another code, unless a user name would then exist twice under it.",
    parameters: { RegionId: inRegion, SmartAGId: required(sagId), EnterpriseCode: code, ClientToken: clientToken },
    async run(call, v) {
      const wanted = { instanceId: v.SmartAGId, region: v.RegionId, code: v.EnterpriseCode };
      await call.change((change) => useCode(change, call.caller.tenant, wanted));
      return {};
    },
  }),
];
