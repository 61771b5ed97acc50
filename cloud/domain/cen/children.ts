import type { Db } from "../../store/db.ts";
import { lockCcn, lockCen } from "../../store/locks.ts";
import { type Attachable, attach, detach, findAttachable } from "../../store/queries/cen-children.ts";
import { isCcnGranted } from "../../store/queries/grants.ts";
import type { Change } from "../change.ts";
import { violation } from "../rules.ts";
import { isNumberOf, type Tenant } from "../tenants/tenants.ts";

export type ChildType = "CCN" | "VPC";

export interface Child extends Attachable {
  type: ChildType;
}

export const noChild = (id: string) => violation("no-child", { child: id });

/** The CCN or cloud network with this id, of any owner; undefined = there is none. */
export async function findChild(db: Db, id: string): Promise<Child | undefined> {
  for (const type of ["CCN", "VPC"] as const) {
    const found = await findAttachable(db, type, id);
    if (found) return { ...found, type };
  }
  return undefined;
}

/** Refuses a child that is not of the type or not in the region that the caller expects. */
export function requireChild(
  child: { id: string; type: ChildType; region: string },
  wanted: { type: ChildType; region?: string | undefined },
): void {
  if (wanted.type !== child.type) {
    throw violation("child-type", { child: child.id, type: child.type, wanted: wanted.type });
  }
  if (wanted.region === undefined || wanted.region === child.region) return;
  throw violation("child-region", { child: child.id, region: child.region, wanted: wanted.region });
}

export interface WantedChild {
  cenId: string;
  type: ChildType;
  childId: string;
  /** Region and number of the owner that the caller expects; undefined = any. */
  region: string | undefined;
  owner?: number | undefined;
}

async function requireExpected(db: Db, child: Child, wanted: WantedChild): Promise<void> {
  const { owner } = wanted;
  requireChild(child, wanted);
  if (!(await isNumberOf(db, child.tenantId, owner))) {
    throw violation("child-owner", { child: child.id, uid: owner ?? 0 });
  }
}

/** Attaches a child of the CEN's owner, or a CCN that was granted to this CEN. */
export async function attachChild(
  change: Change,
  tenant: Tenant,
  wanted: WantedChild & { subnet: string },
): Promise<void> {
  const { tx, now } = change;
  if (wanted.type === "CCN") await lockCcn(tx, wanted.childId);
  await lockCen(tx, wanted.cenId);
  const child = await findChild(tx, wanted.childId);
  if (!child) throw noChild(wanted.childId);
  if (child.tenantId !== tenant.id && !(await isCcnGranted(tx, child.id, wanted.cenId))) throw noChild(wanted.childId);
  await requireExpected(tx, child, wanted);
  const attached = {
    childId: child.id,
    cenId: wanted.cenId,
    childType: child.type,
    attachedAt: now,
    subnet: wanted.subnet,
  };
  if (!(await attach(tx, attached))) {
    throw violation("already-attached", { child: child.id });
  }
  await change.audit(child.id, { cen: null }, { cen: wanted.cenId });
  change.networks();
}

/** Detaches a child. */
export async function detachChild(change: Change, wanted: WantedChild): Promise<void> {
  if (!(await detach(change.tx, wanted.cenId, wanted.childId))) {
    throw violation("not-attached", { child: wanted.childId, cen: wanted.cenId });
  }
  const child = await findChild(change.tx, wanted.childId);
  if (child) await requireExpected(change.tx, child, wanted);
  await change.audit(wanted.childId, { cen: wanted.cenId }, { cen: null });
  change.networks();
}
