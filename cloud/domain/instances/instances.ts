import type { Db } from "../../store/db.ts";
import { countAccounts } from "../../store/queries/accounts.ts";
import * as ccns from "../../store/queries/ccns.ts";
import { allInstances, cidrsOfInstance } from "../../store/queries/instances.ts";
import type { Instance } from "../../store/shapes.ts";
import { routesOf } from "../networks/networks.ts";
import { violation } from "../rules.ts";
import { runningSessions } from "../sessions/ending.ts";
import { type Pushed, pushedBy } from "./pushed.ts";

/** A software instance as administrators see it. */
export interface InstanceView extends Pushed {
  id: string;
  name: string;
  enterpriseCode: string;
  /** The product's region, as the admin API expects it. */
  region: string;
  /** The CCN that the instance is bound to; null = none. The access points of the owner's default CCN may serve it. */
  ccnId: string | null;
  /** End of the term, ISO 8601; null = none. */
  endTime: string | null;
  cidrs: string[];
  routes: string[];
  accounts: number;
  sessions: number;
}

export async function viewInstance(db: Db, row: Instance): Promise<InstanceView> {
  return {
    id: row.id,
    name: row.name,
    enterpriseCode: row.enterpriseCode,
    region: row.region,
    ccnId: row.boundCcnId,
    endTime: row.endTime === null ? null : new Date(row.endTime).toISOString(),
    cidrs: await cidrsOfInstance(db, row.id),
    routes: await routesOf(db, row.id),
    ...(await pushedBy(db, row)),
    accounts: await countAccounts(db, row.id),
    sessions: (await runningSessions(db, { instanceId: row.id })).length,
  };
}

/** `tenantId` undefined = instances of all product accounts. */
export async function listInstances(db: Db, tenantId: string | undefined): Promise<InstanceView[]> {
  return Promise.all((await allInstances(db, tenantId)).map((row) => viewInstance(db, row)));
}

/** Finds a CCN by its id (of any owner), or by its name among the owner's; undefined = the owner's default CCN. */
export async function findCcn(db: Db, tenantId: string, wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return ccns.defaultCcn(db, tenantId);
  const row = (await ccns.findCcn(db, wanted)) ?? (await ccns.findCcnByName(db, tenantId, wanted));
  if (!row) throw violation("no-ccn", { ccn: wanted });
  return row.id;
}
