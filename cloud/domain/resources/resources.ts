import { invalid, Refusal } from "../../base/cause.ts";
import { unnoted } from "../audit.ts";
import type { Context } from "../context.ts";
import { maxResources, requireResourceAddress, requireResourceKind, requireResourceName } from "../limits/resource.ts";
import { profileChanged } from "../sessions/profile.ts";

/** `kind` undefined = by the address. */
export async function addResource(
  context: Context,
  instanceId: string,
  wish: { name: string; kind?: string | undefined; address: string },
  note = unnoted,
): Promise<void> {
  const name = requireResourceName(wish.name);
  const kind = requireResourceKind(wish.kind, wish.address);
  const address = requireResourceAddress(kind, wish.address);
  await context.store.transaction().execute(async (tx) => {
    const rows = await tx
      .selectFrom("resource")
      .select(["name", "position"])
      .where("instance_id", "=", instanceId)
      .execute();
    if (rows.some((row) => row.name === name)) {
      throw new Refusal("already_exists", `There is a resource ${name} in this instance.`);
    }
    if (rows.length >= maxResources) throw invalid("name", `An instance has at most ${maxResources} resources.`);
    const position = Math.max(-1, ...rows.map((row) => row.position)) + 1;
    await tx.insertInto("resource").values({ instance_id: instanceId, name, kind, address, position }).execute();
    await note(tx);
  });
  await profileChanged(context, instanceId);
}

export async function removeResource(
  context: Context,
  instanceId: string,
  name: string,
  note = unnoted,
): Promise<void> {
  await context.store.transaction().execute(async (tx) => {
    const removed = await tx
      .deleteFrom("resource")
      .where("instance_id", "=", instanceId)
      .where("name", "=", name)
      .executeTakeFirst();
    if (removed.numDeletedRows === 0n) throw new Refusal("not_found", `There is no resource ${name} in this instance.`);
    await note(tx);
  });
  await profileChanged(context, instanceId);
}
