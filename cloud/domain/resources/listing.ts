import type { Db } from "../../store/db.ts";
import { resourcesOf } from "../../store/queries/resources.ts";
import type { ResourceKind } from "../limits/resource.ts";

/** Something inside that an administrator gave a name. */
export interface ResourceView {
  name: string;
  kind: ResourceKind;
  address: string;
}

/** In the order in which they were added. */
export async function listResources(db: Db, instanceId: string): Promise<ResourceView[]> {
  return (await resourcesOf(db, instanceId)).map(({ name, kind, address }) => ({
    name,
    kind: kind as ResourceKind,
    address,
  }));
}
