import { codeCreate, codeDefault, codeDelete, codeList, codeUse } from "../../../../admin/commands/codes.ts";
import { say } from "../../../../base/say.ts";
import { codePattern } from "../../../../domain/limits/values.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { mapping, type Operation } from "../protocol/operation.ts";
import { bool, clientToken, inRegion, required, sagId, text, whole } from "./common.ts";

const mapped = mapping("smartag", "codes");

const newCode = required(text({ pattern: codePattern, rule: say("form_code") }));
const code = required(text({ max: 16 }));

export const codeOperations: Operation[] = [
  mapped("CreateEnterpriseCode", {
    command: codeCreate,
    parameters: { RegionId: inRegion, EnterpriseCode: newCode, ClientToken: clientToken },
    input: (v) => ({ code: v.EnterpriseCode }),
  }),
  mapped("ListEnterpriseCode", {
    command: codeList,
    parameters: {
      RegionId: inRegion,
      EnterpriseCode: text({ max: 16 }),
      IsDefault: bool(),
      MaxResults: whole({ min: 1, max: 100 }),
      NextToken: text({ max: 64 }),
    },
    input: (v) => ({
      code: v.EnterpriseCode,
      isDefault: v.IsDefault,
      after: v.NextToken === undefined ? undefined : readToken(v.NextToken),
      // Fetch one more row than requested, to know whether there is another page.
      limit: sizeOf(v) + 1,
    }),
    answer({ rows, total }, v) {
      const shown = rows.slice(0, sizeOf(v));
      const last = rows.length > shown.length ? shown.at(-1)?.code : undefined;
      return {
        EnterpriseCodes: shown.map(({ code, isDefault }) => ({ EnterpriseCode: code, IsDefault: isDefault })),
        MaxResults: sizeOf(v),
        NextToken: last === undefined ? "" : Buffer.from(last).toString("base64url"),
        TotalCount: total,
      };
    },
  }),
  mapped("UpdateEnterpriseCode", {
    command: codeDefault,
    parameters: { RegionId: inRegion, EnterpriseCode: code, IsDefault: required(bool()), ClientToken: clientToken },
    input: (v) => ({ code: v.EnterpriseCode, isDefault: v.IsDefault }),
  }),
  mapped("DeleteEnterpriseCode", {
    command: codeDelete,
    parameters: { RegionId: inRegion, EnterpriseCode: code, ClientToken: clientToken },
    input: (v) => ({ code: v.EnterpriseCode }),
  }),
  mapped("UpdateSmartAGEnterpriseCode", {
    command: codeUse,
    parameters: { RegionId: inRegion, SmartAGId: required(sagId), EnterpriseCode: code, ClientToken: clientToken },
    input: (v) => ({ instanceId: v.SmartAGId, region: v.RegionId, code: v.EnterpriseCode }),
  }),
];

const sizeOf = (v: { MaxResults: number | undefined }) => v.MaxResults ?? 20;

/** The last code of the previous page. */
function readToken(token: string): string {
  const after = Buffer.from(token, "base64url").toString("utf8");
  if (!/^[0-9A-Z]{5}$/.test(after)) throw new ApiFailure("InvalidNextToken", say("api_next_token_codes"));
  return after;
}
