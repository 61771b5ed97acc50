import type { Db, Tx } from "../../store/db.ts";
import { lockCcn, lockCode, lockInstance } from "../../store/locks.ts";
import { countAccounts, hasSessionAt, namesakeIn, ownerOfAddress } from "../../store/queries/accounts.ts";
import { cidrsOfInstance } from "../../store/queries/instances.ts";
import type { Instance } from "../../store/shapes.ts";
import { requireBandwidth, requireClientIp } from "../limits/account.ts";
import { limitOf } from "../quotas/limits.ts";
import { violation } from "../rules.ts";
import { blocks } from "../sessions/addresses.ts";

/** Checks a bandwidth, Kbit/s; 0 = uncapped requires `uncapped`. */
export async function requireBandwidthIn(
  db: Db,
  instance: Instance,
  bandwidth: number,
  uncapped: boolean,
): Promise<number> {
  return requireBandwidth(bandwidth, await limitOf(db, instance.tenantId, "bandwidth-per-user"), uncapped);
}

/**
 * Locks what `requireRoom` checks: user names are unique per enterprise code, addresses per CCN, and the number of accounts is limited
 * per instance.
 */
async function lockRoom(tx: Tx, instance: Instance): Promise<void> {
  await lockCode(tx, instance.enterpriseCode);
  await lockCcn(tx, instance.ccnId);
  await lockInstance(tx, instance.id);
}

/** Refuses an account that does not fit into the instance: the number of accounts, the user name and the fixed address. */
export async function requireRoom(
  tx: Tx,
  instance: Instance,
  account: { userName: string; clientIp: string | null },
): Promise<void> {
  await lockRoom(tx, instance);
  if ((await countAccounts(tx, instance.id)) >= instance.userCount) {
    throw violation("user-limit", { limit: instance.userCount });
  }
  const user = account.userName;
  const namesake = await namesakeIn(tx, instance.id, user);
  if (namesake !== undefined) {
    throw violation(namesake === instance.id ? "user-exists" : "user-exists-elsewhere", { user });
  }
  if (account.clientIp !== null) await requireFixedAddress(tx, instance, account.clientIp);
}

/** Checks that a fixed address is in the instance's blocks and not taken. */
export async function requireFixedAddress(tx: Tx, instance: Instance, address: string): Promise<void> {
  await lockRoom(tx, instance);
  const cidrs = await cidrsOfInstance(tx, instance.id);
  if (cidrs.length === 0) throw violation("no-cidr");
  requireClientIp(address, blocks(cidrs));
  const owner = await ownerOfAddress(tx, instance.id, address);
  // Do not reveal user names of another product account.
  if (owner && owner.tenantId !== instance.tenantId) throw violation("address-taken-elsewhere", { address });
  if (owner) throw violation("address-taken", { address, user: owner.userName });
  if (await hasSessionAt(tx, instance.id, address)) throw violation("address-in-session", { address });
}
