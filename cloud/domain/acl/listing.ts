import type { Db } from "../../store/db.ts";
import { aclPage, aclRulePage, usesOfAcls } from "../../store/queries/listings/networks.ts";
import type { Page, PageWish, Reader } from "../../store/queries/listings/pages.ts";
import type { Acl, AclRule } from "../../store/shapes.ts";

/** An ACL as its owner sees it. */
export interface AclView {
  id: string;
  name: string;
  type: string;
  region: string;
}

export const viewAcl = ({ id, name, type, region }: Acl): AclView => ({ id, name, type, region });

export interface ListedAcl extends AclView {
  /** Number of instances that use it. */
  instances: number;
  /** Number of accounts that have it as their own. */
  accounts: number;
}

/** A rule of an ACL. */
export interface AclRuleView {
  id: string;
  aclId: string;
  name: string;
  description: string;
  direction: string;
  policy: string;
  /** The lowest number wins. */
  priority: number;
  protocol: string;
  sourceCidr: string;
  destCidr: string;
  /** "from/to"; -1/-1 = all. */
  sourcePorts: string;
  destPorts: string;
  type: string;
  /** Epoch ms. */
  createdAt: number;
  /** Ids of applications. */
  dpiGroupIds: string[];
  dpiSignatureIds: string[];
}

export const viewRule = (row: AclRule): AclRuleView => ({
  id: row.id,
  aclId: row.aclId,
  name: row.name,
  description: row.description,
  direction: row.direction,
  policy: row.policy,
  priority: row.priority,
  protocol: row.protocol,
  sourceCidr: row.sourceCidr,
  destCidr: row.destCidr,
  sourcePorts: row.sourcePorts,
  destPorts: row.destPorts,
  type: row.type,
  createdAt: row.createdAt,
  dpiGroupIds: JSON.parse(row.dpiGroupIds) as string[],
  dpiSignatureIds: JSON.parse(row.dpiSignatureIds) as string[],
});

export async function listAcls(
  db: Db,
  reader: Reader,
  filter: {
    tenantId: string;
    region?: string | undefined;
    ids?: readonly string[] | undefined;
    type?: string | undefined;
    namePart?: string | undefined;
  },
  wish: PageWish,
): Promise<Page<ListedAcl>> {
  const page = await aclPage(db, reader, filter, wish);
  const used = await usesOfAcls(
    db,
    page.rows.map((row) => row.id),
  );
  const rows = page.rows.map((row) => {
    const uses = used.filter(({ aclId }) => aclId === row.id);
    const instances = uses.filter(({ by }) => by === "instance").length;
    return { ...viewAcl(row), instances, accounts: uses.length - instances };
  });
  return { ...page, rows };
}

/** Rules ordered by priority. */
export async function listRules(
  db: Db,
  reader: Reader,
  acl: Acl,
  filter: { direction?: string | undefined; name?: string | undefined; order: "asc" | "desc" },
  wish: PageWish,
): Promise<Page<AclRuleView>> {
  const page = await aclRulePage(db, reader, acl.id, filter, wish);
  return { ...page, rows: page.rows.map(viewRule) };
}
