import { Refusal } from "../../base/cause.ts";
import { newId } from "../../base/ids.ts";
import { hashToken, newToken, type Secret } from "../../security/secret.ts";
import { accessPointsChanged } from "../ccn/serving.ts";
import type { Context } from "../context.ts";
import type { AccessPointState, EndpointRecord } from "./registry.ts";

/** What an access point says of itself; may change with every start. */
export interface AccessPointDescription {
  name: string;
  publicKey: Uint8Array;
  endpoints: EndpointRecord[];
  mode: string;
  region: string;
  bootId: string;
}

/** Exchanges a registration token for an identity. */
export async function registerAccessPoint(
  context: Context,
  token: string,
  description: AccessPointDescription,
): Promise<{ id: string; identity: Secret }> {
  const { store, clock, accessPoints } = context;
  const identity = newToken("sai");
  const now = clock.now();
  const row = await store.transaction().execute(async (tx) => {
    const found = await tx
      .selectFrom("access_point_token")
      .selectAll()
      .where("token_hash", "=", hashToken(token))
      .executeTakeFirst();
    if (!found || found.uses_left < 1 || found.expires_at <= now) {
      throw new Refusal("bad_credentials", "The registration token is unknown, used up or expired.");
    }
    await tx
      .updateTable("access_point_token")
      .set({ uses_left: found.uses_left - 1 })
      .where("id", "=", found.id)
      .execute();
    const highest = await tx
      .selectFrom("access_point")
      .select((e) => e.fn.max("number").as("number"))
      .executeTakeFirst();
    const added = {
      id: newId("ap"),
      ccn_id: found.ccn_id,
      number: Number(highest?.number ?? 0) + 1,
      identity_hash: hashToken(identity.reveal()),
      online: 0,
      created_at: now,
      last_seen_at: now,
      ...columnsOf(description),
    };
    await tx.insertInto("access_point").values(added).execute();
    return added;
  });
  accessPoints.put(stateOf(row));
  await accessPointsChanged(context, row.ccn_id);
  context.log("info", "access point registered", { accessPoint: row.id, name: row.name });
  return { id: row.id, identity };
}

function columnsOf(description: AccessPointDescription) {
  return {
    name: description.name,
    public_key: description.publicKey,
    endpoints: JSON.stringify(description.endpoints),
    mode: description.mode,
    region: description.region,
  };
}

interface AccessPointRow {
  id: string;
  ccn_id: string;
  name: string;
  number: number;
  public_key: Uint8Array;
  endpoints: string;
  mode: string;
  region: string;
  last_seen_at: number;
}

function stateOf(row: AccessPointRow): AccessPointState {
  return {
    id: row.id,
    ccnId: row.ccn_id,
    name: row.name,
    number: row.number,
    publicKey: new Uint8Array(row.public_key),
    endpoints: JSON.parse(row.endpoints) as EndpointRecord[],
    mode: row.mode,
    region: row.region,
    online: false,
    graceUntil: 0,
    acknowledged: 0,
    bootId: "",
    delivered: new Set(),
    supersede: undefined,
    lastSeenAt: row.last_seen_at,
  };
}

/** Fills the registry at start. Those that were connected when the last process ended are given time to come back. */
export async function loadAccessPoints(context: Context, graceMs: number): Promise<void> {
  const { store, clock, accessPoints } = context;
  for (const row of await store.selectFrom("access_point").selectAll().execute()) {
    const state = stateOf(row);
    if (row.online) {
      state.graceUntil = clock.monotonic() + graceMs;
      clock.after(graceMs + 1, () => {
        if (!state.online) accessPoints.onChange(state.ccnId);
      });
    }
    accessPoints.put(state);
  }
}

/** The access point that has this identity. */
export async function authenticateAccessPoint(context: Context, identity: string): Promise<AccessPointState> {
  const row = await context.store
    .selectFrom("access_point")
    .select("id")
    .where("identity_hash", "=", hashToken(identity))
    .executeTakeFirst();
  const state = row && context.accessPoints.get(row.id);
  if (!state) throw new Refusal("bad_credentials", "This access point is not registered, or was removed.");
  return state;
}

/** Takes over what an access point says of itself at the start of a stream. */
export async function describeAccessPoint(
  context: Context,
  state: AccessPointState,
  description: AccessPointDescription,
): Promise<void> {
  const now = context.clock.now();
  await context.store
    .updateTable("access_point")
    .set({ ...columnsOf(description), online: 1, last_seen_at: now })
    .where("id", "=", state.id)
    .execute();
  Object.assign(state, description, { lastSeenAt: now });
}
