import { z } from "zod";
import { type InstanceRow, instanceNamed, ownInstance } from "../../domain/instances/own.ts";
import { type TextRule, textFault } from "../../domain/limits/text.ts";
import type { Reading } from "../command.ts";
import { operates } from "../run.ts";

/**
 * The instance a command is about. Text: its id or unique name, absent = the only one there is. With `id`: exactly that one, of the
 * caller's account of the product, and of that region if one is given.
 */
export const instanceRef = z.union([
  z.string().max(128),
  z.strictObject({ id: z.string().max(128), region: z.string().max(64).optional() }),
]);

/** A text that people read. Its rule is checked here, so that it holds whichever way the command is asked for. */
export const textOf = (rule: TextRule) =>
  z.string().superRefine((text, context) => {
    const refusal = textFault(rule, text);
    if (refusal) context.addIssue({ code: "custom", message: refusal.message, params: { refusal } });
  });

export type InstanceRef = z.infer<typeof instanceRef>;

export async function theInstance(
  { db, caller }: Pick<Reading, "db" | "caller">,
  ref: InstanceRef | undefined,
): Promise<InstanceRow> {
  if (typeof ref === "object") return ownInstance(db, caller.tenant, ref.id, ref.region);
  return instanceNamed(db, operates(caller) ? undefined : caller.tenant.id, ref);
}
