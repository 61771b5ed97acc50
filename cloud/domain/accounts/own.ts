import { Refusal } from "../../base/cause.ts";
import type { Context } from "../context.ts";
import { endNow, runningSessions } from "../sessions/ending.ts";
import { endSignIns } from "../signin/refresh.ts";
import { hasSecondFactor } from "../signin/second-factor.ts";
import { requireUsable, type SignInState } from "../signin/state.ts";

/** The contract's limit on either list. */
const maxListed = 256;

/** A device of one's own. Ages are ms. */
export interface OwnDeviceView {
  id: string;
  name: string;
  platform: string;
  firstSeenMs: number;
  lastSeenMs: number;
  signedIn: boolean;
  thisDevice: boolean;
}

/** A running session of one's own. */
export interface OwnSessionView {
  id: string;
  deviceId: string;
  deviceName: string;
  addresses: string[];
  mode: string;
  /** ms. */
  ageMs: number;
  thisDevice: boolean;
}

/** The latest heard of first; with what there is of second factors. */
export async function ownDevices(context: Context, signIn: SignInState) {
  const { store, clock } = context;
  const now = clock.now();
  requireUsable(signIn, now);
  const rows = await store
    .selectFrom("device")
    .selectAll()
    .where("account_id", "=", signIn.accountId)
    .orderBy("last_seen_at", "desc")
    .orderBy("id")
    .limit(maxListed)
    .execute();
  const signedIn = await store
    .selectFrom("sign_in")
    .select("device_id")
    .where("account_id", "=", signIn.accountId)
    .where("ended_at", "is", null)
    .where("expires_at", ">", now)
    .execute();
  const { second_factor_required } = await store
    .selectFrom("instance")
    .select("second_factor_required")
    .where("id", "=", signIn.instanceId)
    .executeTakeFirstOrThrow();
  const inNow = new Set(signedIn.map((row) => row.device_id));
  const devices = rows.map(
    (row): OwnDeviceView => ({
      id: row.id,
      name: row.name,
      platform: row.platform,
      firstSeenMs: Math.max(0, now - row.first_seen_at),
      lastSeenMs: Math.max(0, now - row.last_seen_at),
      signedIn: inNow.has(row.id),
      thisDevice: row.id === signIn.deviceId,
    }),
  );
  const secondFactor = await hasSecondFactor(store, signIn.accountId);
  return { devices, secondFactor, secondFactorRequired: second_factor_required === 1 };
}

/** Running ones, the latest first. */
export async function ownSessions(context: Context, signIn: SignInState): Promise<OwnSessionView[]> {
  const { store, clock } = context;
  const now = clock.now();
  requireUsable(signIn, now);
  const rows = await store
    .selectFrom("session")
    .leftJoin("device", (join) =>
      join.onRef("device.account_id", "=", "session.account_id").onRef("device.id", "=", "session.device_id"),
    )
    .select(["session.id", "session.device_id", "session.client_ip", "session.client_ip6", "session.mode"])
    .select(["session.started_at", "device.name"])
    .where("session.account_id", "=", signIn.accountId)
    .where("session.ended_at", "is", null)
    .orderBy("session.started_at", "desc")
    .limit(maxListed)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    deviceId: row.device_id,
    deviceName: row.name ?? "",
    addresses: [row.client_ip, row.client_ip6],
    mode: row.mode,
    ageMs: Math.max(0, now - row.started_at),
    thisDevice: row.device_id === signIn.deviceId,
  }));
}

const endedFrom = (signIn: SignInState) => ({ cause: "kicked", text: `Ended from ${signIn.deviceName}.` }) as const;

/** Its owner hears `kicked`. A session that had ended already is no failure, somebody else's is none of ours. */
export async function endOwnSession(context: Context, signIn: SignInState, sessionId: string): Promise<void> {
  const { store, clock } = context;
  requireUsable(signIn, clock.now());
  const row = await store
    .selectFrom("session")
    .select("id")
    .where("id", "=", sessionId)
    .where("account_id", "=", signIn.accountId)
    .executeTakeFirst();
  if (!row) throw new Refusal("not_found", "There is no such session of yours.");
  await endNow(context, [row.id], endedFrom(signIn));
}

/** Signs it out, ends its session, and forgets it: it is not exempt from the limits on attempts any more. */
export async function endOwnDevice(context: Context, signIn: SignInState, deviceId: string): Promise<void> {
  const { store, clock } = context;
  const { accountId } = signIn;
  requireUsable(signIn, clock.now());
  const forgotten = await store
    .deleteFrom("device")
    .where("account_id", "=", accountId)
    .where("id", "=", deviceId)
    .executeTakeFirst();
  if (forgotten.numDeletedRows === 0n) throw new Refusal("not_found", "There is no such device of yours.");
  await endNow(context, await runningSessions(store, { accountId, deviceId }), endedFrom(signIn));
  const signIns = await store
    .selectFrom("sign_in")
    .select("id")
    .where("account_id", "=", accountId)
    .where("device_id", "=", deviceId)
    .where("ended_at", "is", null)
    .execute();
  await endSignIns(
    context,
    signIns.map((row) => row.id),
  );
  context.log("info", "device ended by its owner", { account: accountId, device: deviceId });
}
