import { z } from "zod";
import { byName } from "../../../../admin/by-name.ts";
import { FormRefused, readInput } from "../../../../admin/input.ts";
import { say } from "../../../../base/say.ts";
import { tenantByName } from "../../../../domain/tenants/tenants.ts";
import { ApiFailure } from "../protocol/failure.ts";
import { group, type Operation, productVersions } from "../protocol/operation.ts";
import { clientToken, required, text } from "./common.ts";

const operation = group("sag", "operating");

/** A call of a published operation, sent by sagctl. */
export const apiCall = z.strictObject({
  product: z.enum(Object.keys(productVersions) as [keyof typeof productVersions]),
  action: z.string().max(128),
  tenant: z.string().max(64).optional(),
  parameters: z.record(z.string(), z.string()),
});

export const remoteOperations: Operation[] = [
  operation("RunCommand", {
    access: "operate",
    parameters: {
      Command: required(text({ max: 64 })),
      Parameters: required(text({ max: 200_000 })),
      Tenant: text({ max: 64, rule: say("form_tenant") }),
      ClientToken: clientToken,
    },
    label(parameters) {
      const name = parameters.get("Command")?.slice(0, 64);
      if (name !== "api call") return name;
      const { action } = (jsonOf(parameters.get("Parameters") ?? "") ?? {}) as { action?: unknown };
      return typeof action === "string" ? action.slice(0, 128) : name;
    },
    async run(call, v) {
      const parameters = jsonOf(v.Parameters);
      if (parameters === undefined) throw new ApiFailure("InvalidParameters", say("api_parameters_json"));
      try {
        if (v.Command === "api call") {
          const request = readInput(apiCall, parameters);
          const version = productVersions[request.product];
          const answer = await call.published(version, request.action, request.tenant, request.parameters);
          return { Result: { RequestId: call.requestId, ...answer } };
        }
        const tenant = v.Tenant === undefined ? call.caller.tenant : await tenantByName(call.context.store, v.Tenant);
        const caller = { ...call.caller, operator: true, tenant };
        return { Result: await byName({ ...call, caller }, v.Command, parameters) };
      } catch (error) {
        if (error instanceof FormRefused) throw new ApiFailure("InvalidParameters", error.said);
        throw error;
      }
    },
  }),
];

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
