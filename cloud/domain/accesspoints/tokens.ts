import type { Kysely } from "kysely";
import { invalid, Refusal } from "../../base/cause.ts";
import { newId } from "../../base/ids.ts";
import { hashToken, newToken, type Secret } from "../../security/secret.ts";
import type { Schema } from "../../store/schema.ts";
import { unnoted } from "../audit.ts";
import { accessPointsChanged } from "../ccn/serving.ts";
import type { Context } from "../context.ts";
import { findCcn } from "../instances/instances.ts";
import { forgetAccessPoint } from "./delivery.ts";

export interface TokenView {
  id: string;
  ccnId: string;
  usesLeft: number;
  /** s. */
  expiresInSeconds: number;
}

export interface TokenWish {
  uses: number;
  /** s. */
  lifetimeSeconds: number;
  ccn?: string | undefined;
}

/** A token with which access points register; it is told once and stored as a hash. */
export async function createToken(
  context: Context,
  wish: TokenWish,
  note: (tx: Kysely<Schema>, made: TokenView) => Promise<void> = unnoted,
): Promise<TokenView & { token: Secret }> {
  const { store, clock } = context;
  if (!Number.isInteger(wish.uses) || wish.uses < 1 || wish.uses > 1_000) {
    throw invalid("uses", "A token is good for 1 to 1000 access points.");
  }
  if (wish.lifetimeSeconds < 1 || wish.lifetimeSeconds > 366 * 86_400) {
    throw invalid("expires", "A token expires after a second to 366 days.");
  }
  const token = newToken("sart");
  const now = clock.now();
  const row = {
    id: newId("tok"),
    ccn_id: await findCcn(store, wish.ccn),
    token_hash: hashToken(token.reveal()),
    uses_left: wish.uses,
    expires_at: now + wish.lifetimeSeconds * 1_000,
    created_at: now,
  };
  const made = { id: row.id, ccnId: row.ccn_id, usesLeft: wish.uses, expiresInSeconds: wish.lifetimeSeconds };
  await store.transaction().execute(async (tx) => {
    await tx.insertInto("access_point_token").values(row).execute();
    await note(tx, made);
  });
  return { ...made, token };
}

export async function listTokens(db: Kysely<Schema>, now: number): Promise<TokenView[]> {
  const rows = await db.selectFrom("access_point_token").selectAll().orderBy("created_at").execute();
  return rows.map((row) => ({
    id: row.id,
    ccnId: row.ccn_id,
    usesLeft: row.uses_left,
    expiresInSeconds: Math.max(0, Math.round((row.expires_at - now) / 1_000)),
  }));
}

export async function removeToken(db: Kysely<Schema>, id: string, note = unnoted): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const removed = await tx.deleteFrom("access_point_token").where("id", "=", id).executeTakeFirst();
    if (removed.numDeletedRows === 0n) throw new Refusal("not_found", `There is no token ${id}.`);
    await note(tx);
  });
}

/** The access point's identity is void from now on, and its stream ends. */
export async function removeAccessPoint(context: Context, id: string, note = unnoted): Promise<void> {
  const state = context.accessPoints.get(id);
  if (!state) throw new Refusal("not_found", `There is no access point ${id}.`);
  await context.store.transaction().execute(async (tx) => {
    await tx.deleteFrom("access_point").where("id", "=", id).execute();
    await note(tx);
  });
  context.accessPoints.remove(id);
  await forgetAccessPoint(context, state);
  await accessPointsChanged(context, state.ccnId);
}
