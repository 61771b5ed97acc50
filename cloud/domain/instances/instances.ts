import type { Kysely } from "kysely";
import { Refusal } from "../../base/cause.ts";
import { newCode, newId } from "../../base/ids.ts";
import { formatCidr } from "../../base/ip.ts";
import type { Schema } from "../../store/schema.ts";
import { type Note, unnoted } from "../audit.ts";
import { servingCcn } from "../ccn/serving.ts";
import type { Context } from "../context.ts";
import { requireCidr, requireCode, requireInstanceName } from "../limits/instance.ts";
import { defaultPolicy, type InstancePolicy, requirePolicy } from "../limits/policy.ts";
import { routesOf } from "../networks/networks.ts";
import { blocks } from "../sessions/addresses.ts";
import { endNow, runningSessions } from "../sessions/ending.ts";
import { profileChanged } from "../sessions/profile.ts";
import { type Pushed, pushedBy } from "./pushed.ts";

/** A software instance as administrators see it. */
export interface InstanceView extends Pushed {
  id: string;
  name: string;
  enterpriseCode: string;
  /** The one it is bound to; null = none. Its access points may be those of the owner's default one. */
  ccnId: string | null;
  cidrs: string[];
  routes: string[];
  accounts: number;
  sessions: number;
}

export async function defaultTenant(db: Kysely<Schema>): Promise<string> {
  const row = await db.selectFrom("tenant").select("id").where("is_default", "=", 1).executeTakeFirstOrThrow();
  return row.id;
}

/** The instance an administrator means: by id, by name if that is unique, or the only one there is. */
export async function findInstance(db: Kysely<Schema>, wanted: string | undefined): Promise<string> {
  let query = db.selectFrom("instance").select(["id", "name"]);
  if (wanted !== undefined) query = query.where((e) => e.or([e("id", "=", wanted), e("name", "=", wanted)]));
  const rows = await query.limit(2).execute();
  const [only, second] = rows;
  if (!only)
    throw new Refusal(
      "not_found",
      wanted === undefined ? "There is no instance yet." : `There is no instance ${wanted}.`,
    );
  if (second) {
    throw new Refusal(
      "invalid_argument",
      wanted === undefined
        ? "There are several instances: say which."
        : `Several instances are called ${wanted}: give the id.`,
      { field: "instance" },
    );
  }
  return only.id;
}

export async function showInstance(db: Kysely<Schema>, id: string): Promise<InstanceView> {
  const row = await db.selectFrom("instance").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) throw new Refusal("not_found", `There is no instance ${id}.`);
  const cidrs = await db
    .selectFrom("instance_cidr")
    .select("cidr")
    .where("instance_id", "=", id)
    .orderBy("position")
    .execute();
  const routes = await routesOf(db, id);
  const accounts = await db
    .selectFrom("account")
    .select((e) => e.fn.countAll<number>().as("n"))
    .where("instance_id", "=", id)
    .executeTakeFirstOrThrow();
  return {
    id,
    name: row.name,
    enterpriseCode: row.enterprise_code,
    ccnId: row.bound_ccn_id,
    cidrs: cidrs.map((r) => r.cidr),
    routes,
    ...(await pushedBy(db, row)),
    accounts: Number(accounts.n),
    sessions: (await runningSessions(db, { instanceId: id })).length,
  };
}

export async function listInstances(db: Kysely<Schema>): Promise<InstanceView[]> {
  const rows = await db.selectFrom("instance").select("id").orderBy("created_at").orderBy("id").execute();
  return Promise.all(rows.map((row) => showInstance(db, row.id)));
}

export interface InstanceWish {
  name: string;
  cidrs: string[];
  /** undefined = one is made. An existing one is shared. */
  code?: string | undefined;
  /** Id or name; undefined = the default one. */
  ccn?: string | undefined;
}

export async function createInstance(
  context: Context,
  wish: InstanceWish,
  note: (tx: Kysely<Schema>, made: InstanceView) => Promise<void> = unnoted,
): Promise<InstanceView> {
  const name = requireInstanceName(wish.name);
  const cidrs: string[] = [];
  for (const cidr of wish.cidrs) cidrs.push(formatCidr(requireCidr(cidr, blocks(cidrs))));
  const now = context.clock.now();
  const id = newId("sag");
  return context.store.transaction().execute(async (tx) => {
    const tenant = await defaultTenant(tx);
    const code = wish.code === undefined ? newCode() : requireCode(wish.code);
    const known = await tx.selectFrom("enterprise_code").selectAll().where("code", "=", code).executeTakeFirst();
    if (known && (known.tenant_id !== tenant || wish.code === undefined)) {
      throw new Refusal("already_exists", `The enterprise code ${code} is taken.`);
    }
    if (!known) {
      const first = await tx
        .selectFrom("enterprise_code")
        .select("code")
        .where("tenant_id", "=", tenant)
        .executeTakeFirst();
      const added = { code, tenant_id: tenant, is_default: first ? 0 : 1, created_at: now };
      await tx.insertInto("enterprise_code").values(added).execute();
    }
    const policy = defaultPolicy;
    const ccnId = await findCcn(tx, wish.ccn);
    await tx
      .insertInto("instance")
      .values({
        id,
        tenant_id: tenant,
        name,
        enterprise_code: code,
        ccn_id: await servingCcn(tx, tenant, ccnId),
        bound_ccn_id: ccnId,
        full_tunnel: Number(policy.fullTunnel),
        lockdown: Number(policy.lockdown),
        lease_seconds: policy.leaseSeconds,
        sign_in_seconds: policy.signInSeconds,
        devices_per_account: policy.devicesPerAccount,
        created_at: now,
      })
      .execute();
    for (const [position, cidr] of cidrs.entries()) {
      await tx.insertInto("instance_cidr").values({ instance_id: id, cidr, position }).execute();
    }
    const made = await showInstance(tx, id);
    await note(tx, made);
    return made;
  });
}

/** Id of a CCN: by its id whoever owns it, by name among the default account's, undefined = that one's default. */
export async function findCcn(db: Kysely<Schema>, wanted: string | undefined): Promise<string> {
  const own = db
    .selectFrom("ccn")
    .select("id")
    .where("tenant_id", "=", await defaultTenant(db));
  const row =
    wanted === undefined
      ? await own.where("is_default", "=", 1).executeTakeFirst()
      : ((await db.selectFrom("ccn").select("id").where("id", "=", wanted).executeTakeFirst()) ??
        (await own.where("name", "=", wanted).executeTakeFirst()));
  if (!row) throw new Refusal("not_found", `There is no CCN ${wanted}.`);
  return row.id;
}

/** `force`: although it still has accounts. */
export async function deleteInstance(context: Context, id: string, force: boolean, note = unnoted): Promise<void> {
  const { store } = context;
  const view = await showInstance(store, id);
  if (view.accounts > 0 && !force) {
    throw new Refusal(
      "invalid_argument",
      `${view.name} still has ${view.accounts} accounts; use --force to delete them too.`,
      {
        field: "force",
      },
    );
  }
  const running = await runningSessions(store, { instanceId: id });
  await endNow(context, running, { cause: "sign_in_expired", text: "This intranet was deleted." });
  await store.transaction().execute(async (tx) => {
    await dropInstance(tx, id);
    await note(tx);
  });
}

export async function setPolicy(
  context: Context,
  id: string,
  change: Partial<InstancePolicy>,
  note: Note = unnoted,
): Promise<InstanceView> {
  const { store } = context;
  const before = (await showInstance(store, id)).policy;
  const policy = requirePolicy({ ...before, ...change });
  await store.transaction().execute(async (tx) => {
    await tx
      .updateTable("instance")
      .set({
        full_tunnel: Number(policy.fullTunnel),
        lockdown: Number(policy.lockdown),
        lease_seconds: policy.leaseSeconds,
        sign_in_seconds: policy.signInSeconds,
        devices_per_account: policy.devicesPerAccount,
        second_factor_required: Number(policy.secondFactorRequired),
      })
      .where("id", "=", id)
      .execute();
    await note(tx);
  });
  await profileChanged(context, id);
  return showInstance(store, id);
}

/** Deletes an instance with all that is only its own. */
export async function dropInstance(tx: Kysely<Schema>, id: string): Promise<void> {
  const own = tx.selectFrom("cloud_network").select("id").where("instance_id", "=", id);
  await tx.deleteFrom("cen_child").where("child_id", "in", own).execute();
  await tx.deleteFrom("instance").where("id", "=", id).execute();
}
