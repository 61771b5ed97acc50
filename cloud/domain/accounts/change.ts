import { deleteAccount, deleteSecondFactor, updateAccount } from "../../store/queries/accounts.ts";
import { namedSessions } from "../../store/queries/sessions.ts";
import type { Account, Instance } from "../../store/shapes.ts";
import type { Change } from "../change.ts";
import { endAccountSessions, endTheseSessions } from "../instances/sessions.ts";
import { requireMail } from "../limits/account.ts";
import { announceEnd, banEnding, type Ending } from "../sessions/ending.ts";
import { signedOut } from "../signin/refresh.ts";
import { setPassword } from "../signin/sign-in.ts";
import { recap } from "./bandwidth.ts";
import { requireBandwidthIn, requireFixedAddress } from "./room.ts";

/** Changes of an account; undefined = unchanged. */
export interface AccountWishes {
  /** Kbit/s in each direction, 0 = uncapped. Applies immediately, also to running sessions. */
  bandwidth?: number | undefined;
  mail?: string | undefined;
  /** Fixed address; "" = none. Ends running sessions that have another one. */
  clientIp?: string | undefined;
  /** Kbit/s; stored but not used. */
  accelerateBandwidth?: number | undefined;
}

export async function setAccount(
  change: Change,
  instance: Instance,
  row: Account,
  wanted: AccountWishes,
  uncapped: boolean,
): Promise<Account> {
  const { tx, context } = change;
  const { bandwidth, mail, clientIp, accelerateBandwidth } = wanted;
  if (clientIp && clientIp !== row.clientIp) await requireFixedAddress(tx, instance, clientIp);
  if (accelerateBandwidth !== undefined) await requireBandwidthIn(tx, instance, accelerateBandwidth, false);
  const set = {
    ...(bandwidth === undefined ? {} : { bandwidth: await requireBandwidthIn(tx, instance, bandwidth, uncapped) }),
    ...(mail === undefined ? {} : { mail: requireMail(mail) }),
    ...(clientIp === undefined ? {} : { clientIp: clientIp || null }),
    ...(accelerateBandwidth === undefined ? {} : { accelerateBandwidth }),
  };
  await updateAccount(tx, row.id, set);
  if (clientIp && clientIp !== row.clientIp) await endOthersThan(change, row, clientIp);
  if (bandwidth !== undefined) change.after(() => recap(context, row.id));
  return { ...row, ...set };
}

/** Ends the account's sessions with another address than this one, so that none keeps the former one. */
async function endOthersThan(change: Change, row: Account, address: string): Promise<void> {
  const running = await namedSessions(change.tx, row.id, { instanceId: row.instanceId });
  const ids = running.filter((session) => session.clientIp !== address).map(({ id }) => id);
  await endTheseSessions(change, ids, { cause: "session_expired", reason: "address_changed", text: address });
}

/** Ends the account's sessions and, if `until` (epoch ms) is given, refuses it until then. Returns how many sessions were running. */
export async function kick(change: Change, row: Account, reason: string, until: number | undefined): Promise<number> {
  if (until !== undefined) await updateAccount(change.tx, row.id, { bannedUntil: until, banReason: reason });
  const ending: Ending = until === undefined ? { cause: "kicked", text: reason } : banEnding(until, reason);
  const ended = await endAccountSessions(change, row.id, ending);
  change.after(async () => change.context.events.endConnections(row.id));
  return ended;
}

/** Enabling also ends a ban. */
export async function setDisabled(change: Change, row: Account, disabled: boolean): Promise<Account> {
  const set = disabled ? { disabled: 1 } : { disabled: 0, bannedUntil: null, banReason: "" };
  await updateAccount(change.tx, row.id, set);
  if (disabled) {
    await endAccountSessions(change, row.id, { cause: "account_disabled", text: "" });
    change.after(async () => change.context.events.endConnections(row.id));
  }
  return { ...row, ...set };
}

/** Sets a new password and ends all sign-ins of the account. `mustChange` undefined = unchanged. */
export async function resetPassword(
  change: Change,
  row: Account,
  hash: string,
  mustChange: boolean | undefined,
): Promise<Account> {
  const { tx, context } = change;
  const password = {
    passwordHash: hash,
    mustChange: mustChange === undefined ? row.mustChange : Number(mustChange),
  };
  const ending = { ...signedOut, reason: "password_reset" } as const;
  await endAccountSessions(change, row.id, ending);
  const ended = await setPassword(tx, context, row.id, password, "", ending);
  change.after(async () => announceEnd(context, ended, ending));
  return { ...row, ...password };
}

/** Removes the second factor, for a user who lost the authenticator. */
export async function dropSecondFactor(change: Change, row: Account): Promise<void> {
  await deleteSecondFactor(change.tx, row.id);
  change.after(async () => change.context.log("info", "second factor removed", { account: row.id }));
}

/**
 * Deletes an account but keeps its traffic records. The published product refuses to delete an account with traffic in the current
 * month.
 */
export async function removeAccount(change: Change, row: Account): Promise<void> {
  await endAccountSessions(change, row.id, { cause: "account_disabled", reason: "account_gone", text: "" });
  change.after(async () => change.context.events.endConnections(row.id));
  await deleteAccount(change.tx, row.id);
}
