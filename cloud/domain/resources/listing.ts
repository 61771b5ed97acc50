import type { Db } from "../../store/db.ts";
import { resourcesOf } from "../../store/queries/resources.ts";
import type { ResourceKind } from "../limits/resource.ts";

/** A published resource. */
export interface ResourceView {
  name: string;
  kind: ResourceKind;
  address: string;
}

/** Resources of an instance, in the order in which they were added. */
export async function listResources(db: Db, instanceId: string): Promise<ResourceView[]> {
  return (await resourcesOf(db, instanceId)).map(({ name, kind, address }) => ({
    name,
    kind: kind as ResourceKind,
    address,
  }));
}
