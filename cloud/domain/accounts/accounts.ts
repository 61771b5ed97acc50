import type { Db } from "../../store/db.ts";
import { type AccountRow, accountNamed, accountsOf, trafficOf } from "../../store/queries/accounts.ts";
import { violation } from "../rules.ts";
import { runningSessions } from "../sessions/ending.ts";
import { hasSecondFactor } from "../signin/second-factor.ts";

export type { AccountRow };

/** A client account as administrators see it. */
export interface AccountView {
  id: string;
  instanceId: string;
  userName: string;
  mail: string;
  disabled: boolean;
  mustChange: boolean;
  secondFactor: boolean;
  /** Kbit/s; 0 = uncapped. */
  bandwidth: number;
  /** Fixed address; null = dynamic. */
  clientIp: string | null;
  sessions: number;
  /** Bytes since the account was created. */
  rxBytes: number;
  txBytes: number;
}

export async function findAccount(db: Db, instanceId: string, user: string): Promise<AccountRow> {
  const row = await accountNamed(db, instanceId, user);
  if (!row) throw violation("no-account", { user });
  return row;
}

export async function viewOf(db: Db, row: AccountRow): Promise<AccountView> {
  const traffic = await trafficOf(db, row.id);
  return {
    id: row.id,
    instanceId: row.instance_id,
    userName: row.user_name,
    mail: row.mail,
    disabled: row.disabled === 1,
    mustChange: row.must_change === 1,
    secondFactor: await hasSecondFactor(db, row.id),
    bandwidth: row.bandwidth,
    clientIp: row.client_ip,
    sessions: (await runningSessions(db, { accountId: row.id })).length,
    rxBytes: traffic.rx,
    txBytes: traffic.tx,
  };
}

export async function listAccounts(db: Db, instanceId: string): Promise<AccountView[]> {
  return Promise.all((await accountsOf(db, instanceId)).map((row) => viewOf(db, row)));
}

/** The audited values of an account. */
export function auditedAccount(row: AccountRow) {
  return {
    id: row.id,
    instanceId: row.instance_id,
    userName: row.user_name,
    mail: row.mail,
    disabled: row.disabled === 1,
    mustChange: row.must_change === 1,
    bandwidth: row.bandwidth,
    clientIp: row.client_ip,
    accelerateBandwidth: row.accelerate_bandwidth,
    roamedFrom: row.roamed_from,
  };
}
