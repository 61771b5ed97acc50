import { lockInstance } from "../../store/locks.ts";
import { deleteResource, insertResource, resourcesOf, updateResource } from "../../store/queries/resources.ts";
import type { Change } from "../change.ts";
import { maxResources, requireResourceAddress, requireResourceKind, requireResourceName } from "../limits/resource.ts";
import { violation } from "../rules.ts";
import { profileChanged } from "../sessions/profile.ts";

/** `kind` undefined = derived from the address. */
export async function addResource(
  change: Change,
  instanceId: string,
  wish: { name: string; kind?: string | undefined; address: string },
): Promise<void> {
  const name = requireResourceName(wish.name);
  const kind = requireResourceKind(wish.kind, wish.address);
  const address = requireResourceAddress(kind, wish.address);
  await lockInstance(change.tx, instanceId);
  const rows = await resourcesOf(change.tx, instanceId);
  if (rows.some((row) => row.name === name)) throw violation("resource-exists", { name });
  if (rows.length >= maxResources) throw violation("resource-limit", { limit: maxResources });
  const position = Math.max(-1, ...rows.map((row) => row.position)) + 1;
  await insertResource(change.tx, { instanceId, name, kind, address, position });
  change.after(() => profileChanged(change.context, instanceId));
}

/** Changes a resource; undefined = unchanged. The resulting kind and address must match. It keeps its position in the list. */
export async function setResource(
  change: Change,
  instanceId: string,
  name: string,
  wish: { newName?: string | undefined; kind?: string | undefined; address?: string | undefined },
): Promise<void> {
  const rows = await resourcesOf(change.tx, instanceId);
  const row = rows.find((one) => one.name === name);
  if (!row) throw violation("no-resource", { name });
  const newName = wish.newName === undefined ? name : requireResourceName(wish.newName);
  if (newName !== name && rows.some((one) => one.name === newName)) {
    throw violation("resource-exists", { name: newName });
  }
  const kind = requireResourceKind(wish.kind ?? row.kind, row.address);
  const address = requireResourceAddress(kind, wish.address ?? row.address);
  await updateResource(change.tx, instanceId, name, { name: newName, kind, address });
  change.after(() => profileChanged(change.context, instanceId));
}

export async function removeResource(change: Change, instanceId: string, name: string): Promise<void> {
  if (!(await deleteResource(change.tx, instanceId, name))) throw violation("no-resource", { name });
  change.after(() => profileChanged(change.context, instanceId));
}
