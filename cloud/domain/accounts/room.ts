import type { Db, Tx } from "../../store/db.ts";
import { lockCcn, lockCode, lockInstance } from "../../store/locks.ts";
import { countAccounts, hasSessionAt, namesakeIn, ownerOfAddress } from "../../store/queries/accounts.ts";
import { cidrsOfInstance, type InstanceRow } from "../../store/queries/instances.ts";
import { requireBandwidth, requireClientIp } from "../limits/account.ts";
import { limitOf } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { blocks } from "../sessions/addresses.ts";

/** Checks a bandwidth, Kbit/s; 0 = uncapped requires `uncapped`. */
export async function requireBandwidthIn(
  db: Db,
  instance: InstanceRow,
  bandwidth: number,
  uncapped: boolean,
): Promise<number> {
  return requireBandwidth(bandwidth, await limitOf(db, instance.tenant_id, "bandwidth-per-user"), uncapped);
}

/**
 * Locks what `requireRoom` checks: user names are unique per enterprise code, addresses per CCN, and the number of accounts is limited
 * per instance.
 */
async function lockRoom(tx: Tx, instance: InstanceRow): Promise<void> {
  await lockCode(tx, instance.enterprise_code);
  await lockCcn(tx, instance.ccn_id);
  await lockInstance(tx, instance.id);
}

/** Refuses an account that does not fit into the instance: the number of accounts, the user name and the fixed address. */
export async function requireRoom(
  tx: Tx,
  instance: InstanceRow,
  account: { user_name: string; client_ip: string | null },
): Promise<void> {
  await lockRoom(tx, instance);
  if ((await countAccounts(tx, instance.id)) >= instance.user_count) {
    throw violation("user-limit", { limit: instance.user_count });
  }
  const user = account.user_name;
  const namesake = await namesakeIn(tx, instance.id, user);
  if (namesake !== undefined) {
    throw violation(namesake === instance.id ? "user-exists" : "user-exists-elsewhere", { user });
  }
  if (account.client_ip !== null) await requireFixedAddress(tx, instance, account.client_ip);
}

/** Checks that a fixed address is in the instance's blocks and not taken. */
export async function requireFixedAddress(tx: Tx, instance: InstanceRow, address: string): Promise<void> {
  await lockRoom(tx, instance);
  const cidrs = await cidrsOfInstance(tx, instance.id);
  if (cidrs.length === 0) throw violation("no-cidr");
  requireClientIp(address, blocks(cidrs));
  const owner = await ownerOfAddress(tx, instance.id, address);
  // Do not reveal user names of another product account.
  if (owner && owner.tenant_id !== instance.tenant_id) throw violation("address-taken-elsewhere", { address });
  if (owner) throw violation("address-taken", { address, user: owner.user_name });
  if (await hasSessionAt(tx, instance.id, address)) throw violation("address-in-session", { address });
}
