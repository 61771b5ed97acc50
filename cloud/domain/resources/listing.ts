import type { Kysely } from "kysely";
import type { Schema } from "../../store/schema.ts";
import type { ResourceKind } from "../limits/resource.ts";

/** Something inside that an administrator gave a name. */
export interface ResourceView {
  name: string;
  kind: ResourceKind;
  address: string;
}

/** In the order in which they were added. */
export async function listResources(db: Kysely<Schema>, instanceId: string): Promise<ResourceView[]> {
  const rows = await db
    .selectFrom("resource")
    .select(["name", "kind", "address"])
    .where("instance_id", "=", instanceId)
    .orderBy("position")
    .execute();
  return rows.map((row) => ({ ...row, kind: row.kind as ResourceKind }));
}
