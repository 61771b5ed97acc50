import { z } from "zod";
import { instanceNamed, ownInstance } from "../../domain/instances/own.ts";
import { type TextRule, textFault } from "../../domain/limits/text.ts";
import { RuleBroken } from "../../domain/rules.ts";
import type { Instance } from "../../store/shapes.ts";
import type { Reading } from "../command.ts";
import { operates } from "../run.ts";

/**
 * Selects the instance of a command. A string is its id or unique name; if absent, the account's only instance. The object form
 * matches exactly this id within the caller's product account, and the region if one is given.
 */
export const instanceRef = z.union([
  z.string().max(128),
  z.strictObject({ id: z.string().max(128), region: z.string().max(64).optional() }),
]);

/** A text for people. Its rule is part of the command's input, so that it applies to every API. */
export const textOf = (rule: TextRule) =>
  z.string().superRefine((text, context) => {
    const refusal = textFault(rule, text);
    if (refusal) context.addIssue({ code: "custom", message: refusal.message, params: { refusal } });
  });

export type InstanceRef = z.infer<typeof instanceRef>;

export async function theInstance(
  { db, caller }: Pick<Reading, "db" | "caller">,
  ref: InstanceRef | undefined,
): Promise<Instance> {
  if (typeof ref === "object") return ownInstance(db, caller.tenant, ref.id, ref.region);
  return instanceNamed(db, operates(caller) ? undefined : caller.tenant.id, ref);
}

/**
 * Checks the ids of a listing's filter with `find`, which throws for other regions. Refuses an object of the account in another region,
 * because tools take an empty list for "deleted"; an unknown id matches nothing.
 */
export async function requireNotElsewhere(
  ids: readonly (string | undefined)[] | undefined,
  find: (id: string) => Promise<unknown>,
): Promise<void> {
  for (const id of ids ?? []) {
    try {
      if (id) await find(id);
    } catch (error) {
      if (!(error instanceof RuleBroken && error.code === "not_found")) throw error;
    }
  }
}
