import type { Db } from "../../store/db.ts";
import { accountNamed, accountsOf, trafficOf } from "../../store/queries/accounts.ts";
import type { Account } from "../../store/shapes.ts";
import { violation } from "../rules.ts";
import { runningSessions } from "../sessions/ending.ts";
import { hasSecondFactor } from "../signin/second-factor.ts";

/** A client account as administrators see it. */
export interface AccountView {
  id: string;
  instanceId: string;
  userName: string;
  mail: string;
  disabled: boolean;
  /** Until when it is banned, epoch ms; null = never. The past = the ban is over. */
  bannedUntil: number | null;
  banReason: string;
  mustChange: boolean;
  secondFactor: boolean;
  /** Kbit/s; 0 = uncapped. */
  bandwidth: number;
  /** Fixed address; null = dynamic. */
  clientIp: string | null;
  /** Its own ACL; null = none. */
  acl: string | null;
  sessions: number;
  /** Bytes since the account was created. */
  rxBytes: number;
  txBytes: number;
}

export async function findAccount(db: Db, instanceId: string, user: string): Promise<Account> {
  const row = await accountNamed(db, instanceId, user);
  if (!row) throw violation("no-account", { user });
  return row;
}

export async function viewOf(db: Db, row: Account): Promise<AccountView> {
  const traffic = await trafficOf(db, row.id);
  return {
    id: row.id,
    instanceId: row.instanceId,
    userName: row.userName,
    mail: row.mail,
    disabled: row.disabled === 1,
    bannedUntil: row.bannedUntil,
    banReason: row.banReason,
    mustChange: row.mustChange === 1,
    secondFactor: await hasSecondFactor(db, row.id),
    bandwidth: row.bandwidth,
    clientIp: row.clientIp,
    acl: row.aclId,
    sessions: (await runningSessions(db, { accountId: row.id })).length,
    rxBytes: traffic.rx,
    txBytes: traffic.tx,
  };
}

export async function listAccounts(db: Db, instanceId: string): Promise<AccountView[]> {
  return Promise.all((await accountsOf(db, instanceId)).map((row) => viewOf(db, row)));
}

/** The audited values of an account. */
export function auditedAccount(row: Account) {
  return {
    id: row.id,
    instanceId: row.instanceId,
    userName: row.userName,
    mail: row.mail,
    disabled: row.disabled === 1,
    bannedUntil: row.bannedUntil,
    mustChange: row.mustChange === 1,
    bandwidth: row.bandwidth,
    clientIp: row.clientIp,
    accelerateBandwidth: row.accelerateBandwidth,
    roamedFrom: row.roamedFrom,
  };
}
