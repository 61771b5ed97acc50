import { createHash } from "node:crypto";
import type { Db } from "../../store/db.ts";
import { rulesOfAcl, rulesOfInstance } from "../../store/queries/acls.ts";
import type { AclRule } from "../../store/shapes.ts";
import type { AccessList } from "../../store/shared/access-rule.ts";
import { accessList } from "./access-list.ts";

/** The rules of each list that applies to an account, in the order of the lists: its own, then its instance's. */
export async function listsOf(db: Db, instanceId: string, aclId: string | null): Promise<AclRule[][]> {
  const own = aclId === null ? [] : await rulesOfAcl(db, aclId);
  return [own, await rulesOfInstance(db, instanceId)].filter((rules) => rules.length > 0);
}

/** Larger than all priorities, which are 1-100. */
const listStep = 1_000;

/** Lists as one: priorities in a later list are higher than all of an earlier one, since the first list with a matching rule decides. */
export const asOne = <Rule extends { priority: number }>(lists: readonly (readonly Rule[])[]): Rule[] =>
  lists.flatMap((rules, at) => rules.map((rule) => ({ ...rule, priority: at * listStep + rule.priority })));

/** Lists as access points get them, identified by their content. */
export function accessLists(lists: readonly (readonly AclRule[])[]): AccessList[] {
  return lists.map((rows) => {
    const rules = accessList(rows);
    return { id: createHash("sha256").update(JSON.stringify(rules)).digest("hex").slice(0, 32), rules };
  });
}
