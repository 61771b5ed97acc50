import { Refusal } from "../../base/cause.ts";
import { newId } from "../../base/ids.ts";
import { say } from "../../base/say.ts";
import { hashToken, type Secret } from "../../security/secret.ts";
import { lockToken } from "../../store/locks.ts";
import * as accessPoints from "../../store/queries/access-points.ts";
import type { AccessPoint } from "../../store/shapes.ts";
import { transaction } from "../../store/transaction.ts";
import { accessPointsChanged } from "../ccn/serving.ts";
import type { Context } from "../context.ts";
import { runEffects } from "../effects.ts";
import type { AccessPointState, EndpointRecord } from "./registry.ts";

/** What an access point reports about itself; can change with every start. */
export interface AccessPointDescription {
  name: string;
  publicKey: Uint8Array;
  endpoints: EndpointRecord[];
  mode: string;
  region: string;
  bootId: string;
  accessLists: boolean;
  sharedAccessLists: boolean;
  accessListNames: boolean;
}

/**
 * Exchanges a registration token for an identity. If the answer was lost, the same token and public key return the same answer again
 * without using up the token, until the access point has used its identity.
 */
export async function registerAccessPoint(
  context: Context,
  token: string,
  description: AccessPointDescription,
): Promise<{ id: string; identity: Secret }> {
  const { store, clock, mint } = context;
  const now = clock.now();
  const tokenHash = hashToken(token);
  const { row, repeated } = await transaction(store, async (tx) => {
    const found = await accessPoints.findToken(tx, tokenHash);
    const refused = () => new Refusal("bad_credentials", say("registration_token_unknown"));
    if (!found || found.expiresAt <= now) throw refused();
    await lockToken(tx, found.id);
    const earlier = await accessPoints.registeredWith(tx, tokenHash, description.publicKey);
    if (earlier) {
      // The hash differs if the server's secret has changed since, as after restoring a backup.
      const identityHash = hashToken(mint.accessPointIdentity(earlier.id, tokenHash).reveal());
      const change = { ...columnsOf(description), identityHash };
      await accessPoints.registerAgain(tx, earlier.id, change);
      return { row: { ...earlier, ...change }, repeated: true };
    }
    if (!(await accessPoints.takeUse(tx, found.id))) throw refused();
    const id = newId("ap");
    const added = {
      id,
      ccnId: found.ccnId,
      number: await accessPoints.nextNumber(tx),
      identityHash: hashToken(mint.accessPointIdentity(id, tokenHash).reveal()),
      registeredWith: tokenHash,
      online: 0,
      createdAt: now,
      lastSeenAt: now,
      ...columnsOf(description),
    };
    await accessPoints.insertAccessPoint(tx, added);
    return { row: added, repeated: false };
  });
  const known = context.accessPoints.get(row.id);
  if (known) Object.assign(known, description);
  else context.accessPoints.put(stateOf(row));
  await runEffects(context, () => accessPointsChanged(context, row.ccnId));
  context.log("info", repeated ? "access point registered again" : "access point registered", {
    accessPoint: row.id,
    name: row.name,
  });
  return { id: row.id, identity: mint.accessPointIdentity(row.id, tokenHash) };
}

function columnsOf(description: AccessPointDescription) {
  return {
    name: description.name,
    publicKey: description.publicKey,
    endpoints: JSON.stringify(description.endpoints),
    mode: description.mode,
    region: description.region,
  };
}

function stateOf(row: Omit<AccessPoint, "identityHash" | "registeredWith">): AccessPointState {
  return {
    id: row.id,
    ccnId: row.ccnId,
    name: row.name,
    number: row.number,
    publicKey: new Uint8Array(row.publicKey),
    endpoints: JSON.parse(row.endpoints) as EndpointRecord[],
    mode: row.mode,
    region: row.region,
    online: false,
    graceUntil: 0,
    acknowledged: 0,
    bootId: "",
    accessLists: false,
    flowLogs: [],
    sharedAccessLists: false,
    accessListNames: false,
    delivered: new Set(),
    classes: { bootId: "", counters: new Map() },
    supersede: undefined,
    lastSeenAt: row.lastSeenAt,
  };
}

/** Loads the registry at start. Access points that were connected when the last process ended get time to reconnect. */
export async function loadAccessPoints(context: Context, graceMs: number): Promise<void> {
  const { store, clock } = context;
  for (const row of await accessPoints.allAccessPoints(store)) {
    const state = stateOf(row);
    if (row.online) {
      state.graceUntil = clock.monotonic() + graceMs;
      clock.after(graceMs + 1, () => {
        if (!state.online) context.accessPoints.onChange(state.ccnId);
      });
    }
    context.accessPoints.put(state);
  }
}

/** The access point with this identity. */
export async function authenticateAccessPoint(context: Context, identity: string): Promise<AccessPointState> {
  const id = await accessPoints.accessPointByIdentity(context.store, hashToken(identity));
  const state = id === undefined ? undefined : context.accessPoints.get(id);
  if (!state) throw new Refusal("bad_credentials", say("access_point_unregistered"));
  return state;
}

/** Stores what an access point reports about itself at the start of a stream. */
export async function describeAccessPoint(
  context: Context,
  state: AccessPointState,
  description: AccessPointDescription,
): Promise<void> {
  const now = context.clock.now();
  await accessPoints.describeAccessPoint(context.store, state.id, columnsOf(description), now);
  Object.assign(state, description, { lastSeenAt: now });
}
