import { Refusal } from "../../base/cause.ts";
import { say } from "../../base/say.ts";
import { deleteDevice, devicesOf } from "../../store/queries/devices.ts";
import { instanceById } from "../../store/queries/instances.ts";
import { isSessionOf, namedSessions } from "../../store/queries/sessions.ts";
import { signedInDevices } from "../../store/queries/sign-ins.ts";
import { transaction } from "../../store/transaction.ts";
import type { Context } from "../context.ts";
import { announceEnd, endSessions, runningSessions } from "../sessions/ending.ts";
import { endSignIns } from "../signin/refresh.ts";
import { hasSecondFactor } from "../signin/second-factor.ts";
import { requireStillUsable, requireUsable, type SignInState } from "../signin/state.ts";

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

/** The most recently seen first; with their second factors. */
export async function ownDevices(context: Context, signIn: SignInState) {
  const { store, clock } = context;
  const now = clock.now();
  requireUsable(signIn, now);
  const rows = await devicesOf(store, signIn.accountId, maxListed);
  const inNow = await signedInDevices(store, signIn.accountId, now);
  const instance = await instanceById(store, signIn.instanceId);
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
  return { devices, secondFactor, secondFactorRequired: instance?.second_factor_required === 1 };
}

/** Running ones, the latest first. */
export async function ownSessions(context: Context, signIn: SignInState): Promise<OwnSessionView[]> {
  const { store, clock } = context;
  const now = clock.now();
  requireUsable(signIn, now);
  const rows = await namedSessions(store, signIn.accountId, { limit: maxListed });
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

const endedFrom = (signIn: SignInState) =>
  ({ cause: "kicked", reason: "ended_from", text: signIn.deviceName }) as const;

/** Its owner gets `kicked`. A session that has ended already is no failure; another user's is not found. */
export async function endOwnSession(context: Context, signIn: SignInState, sessionId: string): Promise<void> {
  const ending = endedFrom(signIn);
  const ended = await transaction(context.store, async (tx) => {
    await requireStillUsable(tx, signIn, context.clock.now());
    if (!(await isSessionOf(tx, sessionId, signIn.accountId))) {
      throw new Refusal("not_found", say("own_session_unknown"));
    }
    return endSessions(tx, context, [sessionId], ending);
  });
  await announceEnd(context, ended, ending);
}

/** Signs it out, ends its session, and forgets it: it is not exempt from the limits on attempts any more. */
export async function endOwnDevice(context: Context, signIn: SignInState, deviceId: string): Promise<void> {
  const { accountId } = signIn;
  const ending = endedFrom(signIn);
  const ended = await transaction(context.store, async (tx) => {
    await requireStillUsable(tx, signIn, context.clock.now());
    if (!(await deleteDevice(tx, accountId, deviceId))) {
      throw new Refusal("not_found", say("own_device_unknown"));
    }
    const running = await endSessions(tx, context, await runningSessions(tx, { accountId, deviceId }), ending);
    await endSignIns(tx, context, { accountId, deviceId });
    return running;
  });
  await announceEnd(context, ended, ending);
  context.log("info", "device ended by its owner", { account: accountId, device: deviceId });
}
