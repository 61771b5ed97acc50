import { newId } from "../../base/ids.ts";
import { hashToken, newToken, type Secret } from "../../security/secret.ts";
import type { Db } from "../../store/db.ts";
import { allTokens, deleteAccessPoint, deleteToken, insertToken } from "../../store/queries/access-points.ts";
import { accessPointsChanged } from "../ccn/serving.ts";
import type { Change } from "../change.ts";
import { findCcn } from "../instances/instances.ts";
import { violation } from "../rules.ts";
import { forgetAccessPoint } from "./delivery.ts";

export interface TokenView {
  id: string;
  ccnId: string;
  usesLeft: number;
  expiresInSeconds: number;
}

export interface TokenWish {
  uses: number;
  lifetimeSeconds: number;
  ccn?: string | undefined;
}

/** Creates a registration token for access points. It is shown once and stored as a hash. */
export async function createToken(
  change: Change,
  tenantId: string,
  wish: TokenWish,
): Promise<TokenView & { token: Secret }> {
  const { tx, now } = change;
  if (!Number.isInteger(wish.uses) || wish.uses < 1 || wish.uses > 1_000) throw violation("token-uses");
  if (wish.lifetimeSeconds < 1 || wish.lifetimeSeconds > 366 * 86_400) throw violation("token-lifetime");
  const token = newToken("sart");
  const row = {
    id: newId("tok"),
    ccnId: await findCcn(tx, tenantId, wish.ccn),
    tokenHash: hashToken(token.reveal()),
    usesLeft: wish.uses,
    expiresAt: now + wish.lifetimeSeconds * 1_000,
    createdAt: now,
  };
  await insertToken(tx, row);
  return { id: row.id, ccnId: row.ccnId, usesLeft: wish.uses, expiresInSeconds: wish.lifetimeSeconds, token };
}

export async function listTokens(db: Db, now: number): Promise<TokenView[]> {
  return (await allTokens(db)).map((row) => ({
    id: row.id,
    ccnId: row.ccnId,
    usesLeft: row.usesLeft,
    expiresInSeconds: Math.max(0, Math.round((row.expiresAt - now) / 1_000)),
  }));
}

export async function removeToken(change: Change, id: string): Promise<void> {
  if (!(await deleteToken(change.tx, id))) throw violation("no-token", { id });
}

/** Removes an access point: invalidates its identity and ends its stream. */
export async function removeAccessPoint(change: Change, id: string): Promise<void> {
  const { context } = change;
  const state = context.accessPoints.get(id);
  if (!state) throw violation("no-access-point", { id });
  await deleteAccessPoint(change.tx, id);
  change.after(async () => context.accessPoints.remove(id));
  change.after(async () => forgetAccessPoint(context, state));
  change.after(() => accessPointsChanged(context, state.ccnId));
}
