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

/** The API's limit for both lists. */
const maxListed = 256;

/** A device of the caller's account. Ages are in ms. */
export interface OwnDeviceView {
  id: string;
  name: string;
  platform: string;
  firstSeenMs: number;
  lastSeenMs: number;
  signedIn: boolean;
  thisDevice: boolean;
}

/** A running session of the caller's account. */
export interface OwnSessionView {
  id: string;
  deviceId: string;
  deviceName: string;
  addresses: string[];
  mode: string;
  ageMs: number;
  thisDevice: boolean;
}

/** Devices of the account, most recently seen first, and whether the account has or needs a second factor. */
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
      firstSeenMs: Math.max(0, now - row.firstSeenAt),
      lastSeenMs: Math.max(0, now - row.lastSeenAt),
      signedIn: inNow.has(row.id),
      thisDevice: row.id === signIn.deviceId,
    }),
  );
  const secondFactor = await hasSecondFactor(store, signIn.accountId);
  return { devices, secondFactor, secondFactorRequired: instance?.secondFactorRequired === 1 };
}

/** Running sessions of the account, latest first. */
export async function ownSessions(context: Context, signIn: SignInState): Promise<OwnSessionView[]> {
  const { store, clock } = context;
  const now = clock.now();
  requireUsable(signIn, now);
  const rows = await namedSessions(store, signIn.accountId, { limit: maxListed });
  return rows.map((row) => ({
    id: row.id,
    deviceId: row.deviceId,
    deviceName: row.name ?? "",
    addresses: [row.clientIp, row.clientIp6],
    mode: row.mode,
    ageMs: Math.max(0, now - row.startedAt),
    thisDevice: row.deviceId === signIn.deviceId,
  }));
}

const endedFrom = (signIn: SignInState) =>
  ({ cause: "kicked", reason: "ended_from", text: signIn.deviceName }) as const;

/** Not `kicked`, after which connecting again would make sense: the device needs a new sign-in. */
const signedOutFrom = (signIn: SignInState) =>
  ({ cause: "sign_in_expired", reason: "signed_out_from", text: signIn.deviceName }) as const;

/**
 * Ends a session of the caller's account with the cause `kicked`. A session that has already ended is ignored; one of another account
 * is reported as not found.
 */
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

/** Signs a device out, ends its session and deletes it. After that, its sign-in attempts count like those of an unknown device. */
export async function endOwnDevice(context: Context, signIn: SignInState, deviceId: string): Promise<void> {
  const { accountId } = signIn;
  const ending = signedOutFrom(signIn);
  const ended = await transaction(context.store, async (tx) => {
    await requireStillUsable(tx, signIn, context.clock.now());
    if (!(await deleteDevice(tx, accountId, deviceId))) {
      throw new Refusal("not_found", say("own_device_unknown"));
    }
    const running = await endSessions(tx, context, await runningSessions(tx, { accountId, deviceId }), ending);
    await endSignIns(tx, context, { accountId, deviceId }, ending);
    return running;
  });
  await announceEnd(context, ended, ending);
  context.log("info", "device removed by its owner", { account: accountId, device: deviceId });
}
