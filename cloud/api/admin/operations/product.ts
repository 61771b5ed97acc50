import { z } from "zod";
import { Refusal } from "../../../base/cause.ts";
import { type Operation, operation } from "../operation.ts";
import { productVersions } from "../rpc/protocol/operation.ts";

/** The product's own operations, for sagctl beside the server; unsigned, as the operating system says who asks. */
export const productOperations: Operation[] = [
  operation(
    "api call",
    z.strictObject({
      product: z.enum(Object.keys(productVersions) as [keyof typeof productVersions]),
      action: z.string().max(128),
      tenant: z.string().max(64).optional(),
      parameters: z.record(z.string(), z.string()),
    }),
    async ({ admin, actor }, { product, action, tenant, parameters }) => {
      const given = new Map(Object.entries(parameters));
      const answer = await admin.local(actor, tenant, productVersions[product], action, given);
      if (answer.code !== "") throw refusalOf(answer.status, answer.code, String(answer.body.Message));
      return answer.body;
    },
  ),
];

/** An answer of the API as sagctl's other failures look; the product's code stays in the text. */
export function refusalOf(status: number, code: string, message: string): Refusal {
  const text = `${message} (${code})`;
  if (status === 404) return new Refusal("not_found", text);
  if (status === 403) return new Refusal("not_permitted", text);
  if (status >= 500) return new Refusal("unknown", text);
  return new Refusal(/Exist|AlreadyBound|Duplicated/.test(code) ? "already_exists" : "invalid_argument", text);
}
